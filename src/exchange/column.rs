//! Which column is which field: aliases from `data/column.toml`, and from the site's own file.

use super::person;
use super::reject::Complaint;
use crate::error::{Error, Result, Text};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

const BUILT_IN: &str = include_str!("../../data/column.toml");

/// A heading as headings are compared: lower case, without spaces, underscores, hyphens and bracketed units.
pub fn normal(heading: &str) -> String {
    let heading = heading.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '"');
    let cut = match heading.find(['(', '（', '[']) {
        Some(0) | None => heading.len(),
        Some(at) => at,
    };
    let plain = |text: &str| -> String {
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
    };
    // `门(楼)牌号` goes on after its bracket: only a bracket at the end is a unit.
    if heading.ends_with([')', '）', ']']) { plain(&heading[..cut]) } else { plain(heading) }
}

#[derive(Debug, Clone, Default)]
struct Names {
    /// As compared, with the spelling to show.
    alias: HashMap<String, Vec<(String, String)>>,
    constant: HashMap<String, String>,
    foreign: Vec<String>,
}

/// The headings of every kind's fields.
#[derive(Debug, Clone)]
pub struct Columns {
    kinds: Arc<HashMap<String, Names>>,
}

impl Default for Columns {
    fn default() -> Self {
        let kinds = parse(BUILT_IN, "data/column.toml").expect("data/column.toml is tested");
        Columns { kinds: Arc::new(kinds) }
    }
}

fn parse(text: &str, place: &str) -> Result<HashMap<String, Names>> {
    let wrong = |field: &str, value: String, zh: String, en: String| {
        let remedy = Text::new("格式见 data/column.toml 的说明", "see the comments in data/column.toml for the form");
        Error::invalid(place, field, value, Text::new(zh, en), remedy)
    };
    let all: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        wrong(
            "",
            String::new(),
            format!("不是有效的 TOML：{}", error.message()),
            format!("not valid TOML: {}", error.message()),
        )
    })?;
    let mut kinds = HashMap::new();
    for (kind, fields) in all {
        let Some(fields) = fields.as_table() else {
            return Err(wrong(&kind, fields.to_string(), "应为一个表".into(), "a table is wanted".into()));
        };
        let mut names = Names::default();
        for (field, value) in fields {
            let list = match value {
                toml::Value::String(one) => vec![(normal(one), one.clone())],
                toml::Value::Array(many) if many.iter().all(toml::Value::is_str) => {
                    many.iter().filter_map(|v| v.as_str()).map(|one| (normal(one), one.to_owned())).collect()
                }
                toml::Value::Table(constants) if field == "constant" => {
                    for (field, value) in constants {
                        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                        names.constant.insert(field.clone(), text);
                    }
                    continue;
                }
                other => {
                    let field = format!("{kind}.{field}");
                    return Err(wrong(
                        &field,
                        other.to_string(),
                        "应为列名或列名列表".into(),
                        "a heading or a list of headings is wanted".into(),
                    ));
                }
            };
            if field == "foreign" {
                names.foreign = list.into_iter().map(|(normal, _)| normal).collect();
            } else {
                names.alias.insert(field.clone(), list);
            }
        }
        kinds.insert(kind, names);
    }
    Ok(kinds)
}

impl Columns {
    /// The built-in headings, with those of a site's own file before them.
    ///
    /// # Errors
    /// `Invalid` when the file cannot be read, is not TOML of the right form, or names a kind or field that is none.
    pub fn with_file(path: &Path) -> Result<Columns> {
        let place = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| super::cannot_open(&place, &error))?;
        let mut kinds = (*Columns::default().kinds).clone();
        for (kind, own) in parse(&text, &place)? {
            let Some(names) = kinds.get_mut(&kind) else {
                return Err(unknown(&place, &kind, kinds.keys()));
            };
            for (field, mut list) in own.alias {
                let Some(known) = names.alias.get_mut(&field) else {
                    return Err(unknown(&place, &format!("{kind}.{field}"), names.alias.keys()));
                };
                list.append(known);
                *known = list;
            }
            for (field, value) in own.constant {
                if !names.alias.contains_key(&field) {
                    return Err(unknown(&place, &format!("{kind}.constant.{field}"), names.alias.keys()));
                }
                names.constant.insert(field, value);
            }
            names.foreign.extend(own.foreign);
        }
        Ok(Columns { kinds: Arc::new(kinds) })
    }

    /// Where the fields of a kind stand among a file's headings. `short`: the headings may have been cut after ten
    /// bytes, as Shapefiles do.
    pub fn plan(&self, kind: &str, fields: &'static [&'static str], headings: &[String], short: bool) -> Plan {
        let names = &self.kinds[kind];
        let normals: Vec<String> = headings.iter().map(|heading| normal(heading)).collect();
        let mut used = vec![false; headings.len()];
        let mut index = vec![None; fields.len()];
        for cut in [false, true] {
            for (i, field) in fields.iter().enumerate().filter(|_| short || !cut) {
                let hit = names.alias.get(*field).into_iter().flatten().find_map(|(alias, _)| {
                    normals.iter().enumerate().position(|(j, heading)| {
                        !used[j]
                            && (heading == alias
                                || (cut && headings[j].len() == 10 && alias.starts_with(heading.as_str())))
                    })
                });
                if index[i].is_none()
                    && let Some(j) = hit
                {
                    index[i] = Some(j);
                    used[j] = true;
                }
            }
        }
        let unread = headings.iter().zip(&used).filter(|(_, used)| !**used).map(|(h, _)| h.clone()).collect();
        Plan {
            fields,
            index,
            constant: fields.iter().map(|field| names.constant.get(*field).cloned()).collect(),
            foreign: normals.iter().any(|heading| names.foreign.contains(heading)),
            unread,
        }
    }

    /// The headings that mean a field, for messages.
    pub fn headings(&self, kind: &str, field: &str) -> Vec<String> {
        let list = self.kinds.get(kind).and_then(|names| names.alias.get(field));
        list.into_iter().flatten().map(|(_, shown)| shown.clone()).collect()
    }
}

fn unknown<'a>(place: &str, field: &str, known: impl Iterator<Item = &'a String>) -> Error {
    let mut known: Vec<&str> = known.map(String::as_str).collect();
    known.sort_unstable();
    Error::invalid(
        place,
        field,
        "",
        Text::new("没有这个名称", "there is no such name"),
        Text::new(format!("可用：{}", known.join("、")), format!("known are: {}", known.join(", "))),
    )
}

/// Where the fields of a kind stand in one file.
#[derive(Debug, Clone)]
pub struct Plan {
    fields: &'static [&'static str],
    index: Vec<Option<usize>>,
    constant: Vec<Option<String>>,
    /// The file divides its addresses in another country's way.
    pub foreign: bool,
    /// Headings that mean no field.
    pub unread: Vec<String>,
}

impl Plan {
    /// The column of a field.
    pub fn column(&self, field: usize) -> Option<usize> {
        self.index[field]
    }

    /// The value that a field has in the whole file.
    pub fn constant(&self, field: usize) -> Option<&str> {
        self.constant[field].as_deref()
    }

    /// Whether the file has the field, as a column or for all.
    pub fn has(&self, field: usize) -> bool {
        self.index[field].is_some() || self.constant[field].is_some()
    }

    /// The name of a field.
    pub fn name(&self, field: usize) -> &'static str {
        self.fields[field]
    }

    /// How many fields the file has.
    pub fn found(&self) -> usize {
        self.index.iter().flatten().count()
    }
}

/// The columns that hold persons' data.
///
/// # Errors
/// `Invalid` naming each of them, unless they are to be dropped unread.
pub fn persons(place: &str, headings: &[String], things_have_names: bool, drop: bool) -> Result<Vec<usize>> {
    let found: Vec<usize> =
        (0..headings.len()).filter(|i| person::is_person_heading(&normal(&headings[*i]), things_have_names)).collect();
    if found.is_empty() || drop {
        return Ok(found);
    }
    let faults = found.iter().map(|i| {
        Complaint::new(
            &headings[*i],
            "",
            "该列是个人信息，本系统不保存任何个人",
            "this column is a person's data, and no person is kept here",
        )
        .remedy(
            "请删除该列，或加 --drop-person-columns 不读取该列",
            "remove the column, or give --drop-person-columns to leave it unread",
        )
        .fault(place)
    });
    Err(Error::Invalid(faults.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[&str] = &["address_id", "full_text", "lon", "lat", "grid_code", "house_number"];

    fn plan(headings: &[&str], short: bool) -> Plan {
        let headings: Vec<String> = headings.iter().map(|h| h.to_string()).collect();
        Columns::default().plan("address", FIELDS, &headings, short)
    }

    #[test]
    fn chinese_headings_are_understood() {
        let plan =
            plan(&["\u{feff}地址编码", "标准地址", "经度(°)", "纬度（度）", "网格编码", "门(楼)牌号", "备注"], false);
        assert_eq!((0..6).map(|i| plan.column(i)).collect::<Vec<_>>(), (0..6).map(Some).collect::<Vec<_>>());
        assert_eq!(plan.unread, ["备注"]);
    }

    #[test]
    fn the_first_heading_of_the_list_wins() {
        let plan = plan(&["id", "address_id", "地址", "标准地址"], false);
        assert_eq!((plan.column(0), plan.column(1)), (Some(1), Some(3)));
    }

    #[test]
    fn shapefiles_cut_their_headings() {
        assert_eq!(plan(&["address_id", "house_numb"], true).column(5), Some(1));
        assert_eq!(plan(&["address_id", "house_numb"], false).column(5), None);
    }

    #[test]
    fn a_sites_own_file_comes_first_and_is_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("own.toml");
        std::fs::write(&path, "[grid]\ngrid_code = \"KEY_CODE\"\n[grid.constant]\nlevel = \"village\"\n")
            .expect("written");
        let headings = ["KEY_CODE", "code"].map(String::from);
        let plan = Columns::with_file(&path).expect("columns").plan("grid", &["grid_code", "level"], &headings, false);
        assert_eq!((plan.column(0), plan.constant(1)), (Some(0), Some("village")));
        for (text, said) in
            [("[grid]\nfoo = \"x\"", "grid.foo"), ("[person]\n", "person"), ("[grid", "TOML"), ("grid = 3", "table")]
        {
            std::fs::write(&path, text).expect("written");
            let error = Columns::with_file(&path).expect_err(text).to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
