//! MapLibre styles, one for each role: the declared style layers of what the role may see, on a quiet ground.

use super::catalog;
use crate::domain::Role;
use serde_json::{Map, Value, json};

/// Colour of the ground by day: paper, grey-green.
pub const PAPER: &str = "#edf0ea";

/// Drawing order whatever the layer: areas lie under heat, heat under borders, borders under points, names over all.
const KINDS: [&str; 6] = ["background", "fill", "heatmap", "line", "circle", "symbol"];

/// The style of a role: what the web client draws, and any other MapLibre client. Sources are named as the layers, with
/// tile URLs relative to the site. There are no `glyphs`, so that text is drawn from the system's fonts, and no `sprite`:
/// a client adds the images `severity-error`, `-warning`, `-info`, `hazard-minor`, `-serious`, `-major`, `rental-never`,
/// `rental-ok` and the pattern `hatch`.
pub fn of_role(role: Role) -> Value {
    let mut sources = Map::new();
    let mut layers = vec![json!({ "id": "ground", "type": "background", "paint": { "background-color": PAPER } })];
    for layer in catalog::of_role(role) {
        sources.insert(
            layer.id.clone(),
            json!({
                "type": "vector",
                "tiles": [format!("/tiles/{}/{{z}}/{{x}}/{{y}}.mvt", layer.id)],
                "minzoom": layer.min_zoom,
                "maxzoom": layer.max_zoom,
            }),
        );
        for mut drawn in layer.style() {
            drawn["source"] = json!(layer.id);
            layers.push(drawn);
        }
    }
    layers.sort_by_key(|layer| KINDS.iter().position(|kind| layer["type"] == *kind));
    json!({ "version": 8, "name": format!("gridpin {}", role.as_str()), "sources": sources, "layers": layers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_names_only_what_the_role_may_see() {
        for role in Role::ALL {
            let style = of_role(role);
            let mut ids = std::collections::BTreeSet::new();
            for layer in style["layers"].as_array().expect("layers") {
                let id = layer["id"].as_str().expect("an id");
                assert!(ids.insert(id.to_owned()), "{id} twice");
                let Some(source) = layer["source"].as_str() else { continue };
                assert!(catalog::layer(source, role).is_ok(), "{source} for {role:?}");
                assert!(layer["source-layer"].is_string(), "{id}");
                assert!(KINDS.iter().any(|kind| layer["type"] == *kind), "{id}");
                if layer["layout"]["text-field"] != Value::Null {
                    assert!(layer["layout"]["text-font"].is_array(), "{id}");
                    assert!(!layer["paint"]["text-halo-color"].is_null(), "{id} has no halo");
                }
            }
            assert!(style.get("glyphs").is_none() && style.get("sprite").is_none());
        }
    }
}
