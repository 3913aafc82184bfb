//! Looks at what is sensitive, noted in the audit log before they are answered: once in a while for each account and
//! layer, as a map asks for dozens of tiles.

use crate::domain::Actor;
use crate::error::Result;
use crate::store::Store;
use moka::sync::Cache;
use std::time::Duration;
use tokio::sync::Mutex;

/// Layers whose look is noted.
const SENSITIVE: [&str; 1] = ["care"];
/// For so long a further look is the same one.
const LOOK: Duration = Duration::from_secs(15 * 60);

/// The looks of late.
#[derive(Debug)]
pub struct Reveals {
    noted: Cache<(Box<str>, &'static str), ()>,
    one_by_one: Mutex<()>,
}

impl Default for Reveals {
    fn default() -> Self {
        Reveals { noted: Cache::builder().max_capacity(100_000).time_to_live(LOOK).build(), one_by_one: Mutex::new(()) }
    }
}

impl Reveals {
    /// Notes that `actor` looks at `layers`, where one of them is sensitive.
    ///
    /// # Errors
    /// `Unavailable`: no look without its entry.
    pub async fn note(&self, store: &Store, actor: &Actor, layers: &str) -> Result<()> {
        for layer in SENSITIVE.into_iter().filter(|layer| layers.split(',').any(|asked| asked == *layer)) {
            let key = (Box::from(actor.name.as_str()), layer);
            if self.noted.contains_key(&key) {
                continue;
            }
            let _turn = self.one_by_one.lock().await;
            if self.noted.contains_key(&key) {
                continue;
            }
            let mut session = store.begin(actor).await?;
            session.audit(
                "layer.read",
                layer,
                serde_json::json!({ "purpose": "map", "for_minutes": LOOK.as_secs() / 60 }),
            );
            session.commit().await?;
            self.noted.insert(key, ());
        }
        Ok(())
    }
}
