//! The layers as declared in `tiles/<layer>/layer.toml` and `style.json`: what they show, from which zoom, to whom.

use crate::city::City;
use crate::domain::Role;
use crate::error::{Error, Result, Text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The folder `tiles/`, inside the binary.
#[derive(rust_embed::RustEmbed)]
#[folder = "tiles/"]
struct Files;

/// Languages of a declared text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl From<&Words> for Text {
    fn from(words: &Words) -> Text {
        Text::new(words.zh.clone(), words.en.clone())
    }
}

/// A field of a layer's features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in the tile.
    pub name: String,
    /// `string`, `number` or `boolean`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it says.
    pub zh: String,
    /// What it says.
    pub en: String,
    /// Whether it stands on counted cells, below the zoom where points begin, rather than on the features themselves.
    #[serde(default)]
    pub cell: bool,
}

/// An entry of a layer's legend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Legend {
    /// What is drawn so.
    pub zh: String,
    /// What is drawn so.
    pub en: String,
    /// Colour.
    pub color: String,
    /// `fill`, `line`, `circle`, `ring`, `diamond`, `triangle` or `hatch`.
    pub shape: String,
}

/// A layer as declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Identifier: folder, URL, and layer in the tile.
    pub id: String,
    /// Its name.
    pub title: Words,
    /// What it shows.
    pub about: Words,
    /// `point` or `polygon`.
    pub geometry: String,
    /// First zoom with tiles.
    pub min_zoom: u8,
    /// Last zoom that a client asks for; beyond, it draws the tile of this one larger.
    pub max_zoom: u8,
    /// The zoom from which every point is there by itself; below, cells say how many they hold. 0 where nothing is counted.
    #[serde(default)]
    pub points_from: u8,
    /// Place in the stack of layers, low ones below.
    pub order: u8,
    /// Who may see it, in their scope.
    pub roles: Vec<Role>,
    /// Fields of its features.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
    /// Its legend.
    #[serde(default)]
    pub legend: Vec<Legend>,
}

impl Layer {
    /// Whether it draws polygons, which reach beyond their tile.
    pub fn has_polygons(&self) -> bool {
        self.geometry == "polygon"
    }

    /// Its style layers as declared: MapLibre style layers without `source`.
    pub fn style(&self) -> Vec<Value> {
        STYLES.iter().find(|(id, _)| *id == self.id).map(|(_, style)| style.clone()).unwrap_or_default()
    }
}

fn read<T>(path: &str, parse: impl Fn(&str) -> Result<T, String>) -> T {
    let file = Files::get(path).unwrap_or_else(|| panic!("tiles/{path} is missing"));
    let text = std::str::from_utf8(&file.data).unwrap_or_else(|e| panic!("tiles/{path}: {e}"));
    parse(text).unwrap_or_else(|e| panic!("tiles/{path}: {e}"))
}

static LAYERS: LazyLock<Vec<Layer>> = LazyLock::new(|| {
    let names = crate::city::ground::LAYERS.into_iter();
    let declared =
        |name| read(&format!("{name}/layer.toml"), |t| toml::from_str::<Layer>(t).map_err(|e| e.to_string()));
    let mut layers: Vec<Layer> = names.map(declared).collect();
    layers.sort_by_key(|layer| layer.order);
    layers
});

static STYLES: LazyLock<Vec<(String, Vec<Value>)>> = LazyLock::new(|| {
    let style = |layer: &Layer| {
        read(&format!("{}/style.json", layer.id), |t| serde_json::from_str(t).map_err(|e| e.to_string()))
    };
    LAYERS.iter().map(|layer| (layer.id.clone(), style(layer))).collect()
});

/// All layers, lowest first.
pub fn all() -> &'static [Layer] {
    &LAYERS
}

/// The place of a layer in [`all`].
pub fn position(layer: &Layer) -> usize {
    LAYERS.iter().position(|known| known.id == layer.id).unwrap_or(LAYERS.len())
}

/// The layers that a role may see, lowest first.
pub fn of_role(role: Role) -> impl Iterator<Item = &'static Layer> {
    LAYERS.iter().filter(move |layer| layer.roles.contains(&role))
}

/// The layer of a name, for a role.
///
/// # Errors
/// `NotFound` when there is none, and with the same words when the role may not see it.
pub fn layer(name: &str, role: Role) -> Result<&'static Layer> {
    of_role(role).find(|layer| layer.id == name).ok_or_else(|| Error::NotFound(format!("layer {name}")))
}

/// TileJSON 3.0.0 of a layer as a role may see it; the tile URL is relative to the site. The bounds are the city's.
///
/// # Errors
/// As [`layer`].
pub fn tilejson(name: &str, role: Role, city: &City) -> Result<Value> {
    let layer = layer(name, role)?;
    let fields = |cell: bool| -> serde_json::Map<String, Value> {
        let of = layer.fields.iter().filter(|field| field.cell == cell);
        of.map(|field| (field.name.clone(), json!(format!("{} / {} ({})", field.zh, field.en, field.kind)))).collect()
    };
    let mut features = fields(false);
    features.extend(fields(true));
    let mut drawn = vec![json!({
        "id": layer.id,
        "description": format!("{} / {}", layer.about.zh, layer.about.en),
        "minzoom": layer.min_zoom,
        "maxzoom": layer.max_zoom,
        "fields": features,
    })];
    if layer.id == "grid" {
        drawn.push(json!({ "id": "grid_name", "fields": { "code": "String", "name": "String", "level": "String" } }));
    }
    let mut tilejson = json!({
        "tilejson": "3.0.0",
        "name": layer.id,
        "description": format!("{} / {}", layer.title.zh, layer.title.en),
        "scheme": "xyz",
        "tiles": [format!("/tiles/{}/{{z}}/{{x}}/{{y}}.mvt", layer.id)],
        "minzoom": layer.min_zoom,
        "maxzoom": layer.max_zoom,
        "vector_layers": drawn,
        // Beyond the standard: what a client needs to say what it shows.
        "points_from": layer.points_from,
        "title": layer.title,
        "about": layer.about,
        "fields": layer.fields,
        "legend": layer.legend,
    });
    if let Some(bbox) = city.bbox() {
        tilejson["bounds"] = json!(bbox);
    }
    Ok(tilejson)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_is_declared_whole() {
        assert_eq!(all().len(), crate::city::ground::LAYERS.len());
        let folders: std::collections::BTreeSet<String> =
            Files::iter().filter_map(|path| Some(path.split_once('/')?.0.to_owned())).collect();
        assert_eq!(folders.len(), all().len(), "a folder that is no layer, or the other way round: {folders:?}");
        for layer in all() {
            assert!(!layer.title.zh.is_empty() && !layer.about.en.is_empty(), "{}", layer.id);
            assert!(!layer.style().is_empty() && !layer.roles.is_empty() && !layer.fields.is_empty(), "{}", layer.id);
            assert!(layer.min_zoom <= layer.max_zoom && layer.points_from <= layer.max_zoom, "{}", layer.id);
        }
    }

    #[test]
    fn roles_see_what_the_design_gives_them() {
        let seen = |role| of_role(role).map(|layer| layer.id.as_str()).collect::<Vec<_>>().join(" ");
        assert_eq!(seen(Role::Leader), "grid care");
        assert_eq!(seen(Role::Department), "grid building hazard address");
        assert_eq!(seen(Role::Police), "grid building care heat rental hazard address");
        assert_eq!(seen(Role::Reviewer), "grid building care address flag");
        assert_eq!(seen(Role::Collector), "grid building care heat rental hazard address flag");
        assert_eq!(seen(Role::Steward), seen(Role::Collector));
    }

    #[test]
    fn a_forbidden_layer_answers_as_an_unknown_one() {
        let words =
            |name: &str| layer(name, Role::Leader).expect_err("not the leader's").to_string().replace(name, "X");
        assert_eq!(words("hazard"), words("nothing"));
        assert!(matches!(layer("hazard", Role::Leader), Err(Error::NotFound(_))));
    }
}
