//! The verdict on a record in words, with its numbers.

use super::context::Context;
use super::detect::Detection;
use super::evidence::{Desk, Home, NONE, Without, distance};
use super::finding::{Finding, metres_text};
use super::hypothesis::form::form_of;
use super::hypothesis::{Cause, Judged};
use super::key::split;
use super::standing::grid_name;
use crate::domain::LonLat;
use crate::error::Text;
use crate::index::Near;

/// The finding of a rule about address `i`: its most probable cause, when that is of this rule and probable enough to be
/// told.
pub fn finding(context: &Context, i: usize, rule: &str) -> Option<Finding> {
    let judged = context.judged(i).filter(|judged| judged.cause.rule() == rule)?;
    let probability = 1.0 - judged.right;
    if probability < context.thresholds.least_probability {
        return None;
    }
    let teller = Teller::new(context, i, judged);
    let text = teller.text();
    let finding = Finding::new(text.zh, text.en).probability(probability, judged.exact);
    Some(teller.suggest(finding))
}

/// Writes messages about one record.
struct Teller<'a, 'c> {
    context: &'a Context<'c>,
    found: &'a Detection,
    i: usize,
    judged: &'a Judged,
    home: Home,
}

/// Chinese and English with numbers in them.
fn both(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text::new(zh, en)
}

impl<'a, 'c> Teller<'a, 'c> {
    fn new(context: &'a Context<'c>, i: usize, judged: &'a Judged) -> Self {
        let found = &**context.detection();
        let level = &found.stage().level;
        let pin = &level.pack.pins[i];
        let home = level.home(pin, pin.key, Without { pin: i as u32, batch: NONE }, &mut Desk::default());
        Teller { context, found, i, judged, home }
    }

    fn raw(&self) -> LonLat {
        self.found.stage().level.pack.pins[self.i].raw
    }

    fn at(&self) -> [f64; 2] {
        self.found.stage().level.pack.pins[self.i].at
    }

    fn place(&self) -> LonLat {
        self.found.stage().level.pack.frame.lonlat(self.judged.place)
    }

    fn text(&self) -> Text {
        let lead = self.lead();
        let mut zh = lead.zh;
        let mut en = lead.en;
        for more in [self.evidence(), self.batch(), self.second()].into_iter().flatten() {
            zh += "；";
            zh += &more.zh;
            en += "; ";
            en += &more.en;
        }
        both(zh + "。", en + ".")
    }

    /// What happened.
    fn lead(&self) -> Text {
        let raw = self.raw();
        let pack = &self.found.stage().level.pack;
        let pin = &pack.pins[self.i];
        let moved = || metres_text(distance(self.at(), self.judged.place));
        match self.judged.cause {
            Cause::Right => both("", ""),
            Cause::Gcj02 => both(
                format!("坐标是 GCJ-02（火星坐标），被当作 WGS84 或 CGCS2000 存储；还原后移动 {}", moved()),
                format!("The coordinates are GCJ-02, stored as WGS84 or CGCS2000; undone, the pin moves {}", moved()),
            ),
            Cause::Bd09 => both(
                format!("坐标是 BD-09（百度坐标），被当作 WGS84 或 CGCS2000 存储；还原后移动 {}", moved()),
                format!("The coordinates are BD-09, stored as WGS84 or CGCS2000; undone, the pin moves {}", moved()),
            ),
            Cause::Reversed => both(
                format!("坐标本不是 GCJ-02，却被按 GCJ-02 纠偏了一次；还原后移动 {}", moved()),
                format!("Converted from GCJ-02 though it was none; undone, the pin moves {}", moved()),
            ),
            Cause::Twice => both(
                format!("坐标被加偏（转 GCJ-02）两次；还原后移动 {}", moved()),
                format!("Converted to GCJ-02 twice; undone, the pin moves {}", moved()),
            ),
            Cause::Library => both(
                format!("坐标经过一个有缺陷的转换库，东西向漂移；还原后移动 {}", moved()),
                format!("Drifted east or west in a faulty conversion library; undone, the pin moves {}", moved()),
            ),
            Cause::Swapped | Cause::Sexagesimal | Cause::Projected | Cause::Zone => {
                let place = self.place();
                let how = form_of(raw, self.judged.cause, place).map_or_else(|| both("", ""), |form| form.text());
                both(
                    format!(
                        "坐标 ({}, {})：{}，还原后为 ({:.6}, {:.6})",
                        raw.lon, raw.lat, how.zh, place.lon, place.lat
                    ),
                    format!(
                        "Coordinates ({}, {}): {}; restored they are ({:.6}, {:.6})",
                        raw.lon, raw.lat, how.en, place.lon, place.lat
                    ),
                )
            }
            Cause::Coarse => both(
                format!("坐标只有 {} 位小数，点位只是一个方格", pin.decimals),
                format!("The coordinates have {} decimals: a square, not a door", pin.decimals),
            ),
            Cause::Zero => both(
                format!("坐标 ({}, {}) 不是位置：为零或无效", raw.lon, raw.lat),
                format!("The coordinates ({}, {}) are no place: zero or void", raw.lon, raw.lat),
            ),
            Cause::Default if pin.stack > 1 => both(
                format!("{} 条道路或小区的 {} 个不同地址落在同一点上，像是默认位置", pin.stack_series, pin.stack),
                format!(
                    "{} addresses of {} roads or compounds stand on this one point, like a default",
                    pin.stack, pin.stack_series
                ),
            ),
            Cause::Default => {
                both("点位正好在网格的中心，像是默认位置", "The pin is on the very centre of a grid, like a default")
            }
            Cause::Stacked => both(
                format!("{} 个不同地址落在同一点上", pin.stack),
                format!("{} different addresses stand on this one point", pin.stack),
            ),
            Cause::Office => both(
                "点位与同一采集员的其他可疑点位聚在一处，像是在自己的驻地采集",
                "The pin stands among other doubtful ones of the same collector, as if taken at the own place",
            ),
            Cause::OtherBuilding => self.on_other_building(),
            Cause::Displaced if self.at()[0].is_finite() => {
                both("点位不在该地址应在的位置", "The pin is not where this address belongs")
            }
            Cause::Displaced => both(
                format!("坐标 ({}, {}) 不在本市附近，没有哪种还原能解释", raw.lon, raw.lat),
                format!("The coordinates ({}, {}) are not near the city, and nothing restores them", raw.lon, raw.lat),
            ),
            Cause::Offset => {
                let by = self.found.stage().batch(pin.batch);
                let [x, y] = by.map_or([0.0; 2], |by| by.moved_m);
                let bearing = x.atan2(y).to_degrees().rem_euclid(360.0);
                let m = metres_text(x.hypot(y));
                both(
                    format!("整批点位被平移了 {m}（方位角 {bearing:.0}°）"),
                    format!("The whole batch stands {m} off (bearing {bearing:.0} degrees)"),
                )
            }
            Cause::Number => {
                let (own, other) = (pin.key.main, self.judged.value);
                both(
                    format!("门牌号可能有误：点位更符合 {other} 号，而不是 {own} 号"),
                    format!("The number is probably wrong: the pin fits {other} better than {own}"),
                )
            }
            Cause::Road => {
                let name = |series: u32| pack.series.get(series as usize).map_or("", |s| &*s.name);
                let (own, other) = (name(pin.key.series), name(self.judged.value));
                both(
                    format!("道路或小区可能有误：点位更符合“{other}”，而不是“{own}”"),
                    format!("The road is probably wrong: the pin fits {other} better than {own}"),
                )
            }
            Cause::Grid => {
                both("登记网格可能有误，点位是对的", "The declared grid is probably wrong, the pin is right")
            }
        }
    }

    fn on_other_building(&self) -> Text {
        let level = &self.found.stage().level;
        let mut near = Vec::new();
        level.pack.site_bins.nearest(self.at(), 1, 60.0, &mut near);
        let Some(Near { square, id: b, .. }) = near.first() else {
            return both("点位在另一地址的房屋上", "The pin is on another address's building");
        };
        let building = self.context.records.buildings.at(*b as usize);
        let far = metres_text(square.sqrt());
        let text =
            if building.full_text().is_empty() { String::new() } else { format!("（{}）", building.full_text()) };
        let text_en =
            if building.full_text().is_empty() { String::new() } else { format!(" ({})", building.full_text()) };
        both(
            format!("点位在另一处房屋 {}{text} 上，相距 {far}", building.id()),
            format!("The pin is {far} from another building, {}{text_en}", building.id()),
        )
    }

    /// How far the pin is from where the address belongs, before and after.
    fn evidence(&self) -> Option<Text> {
        let judged = self.judged;
        let pack = &self.found.stage().level.pack;
        let before = self.at();
        if judged.cause.is_attribute() {
            return self.against();
        }
        let nearest = self.home.building_m(before).or_else(|| self.home.building_m(judged.place));
        if let Some(before_m) = nearest {
            let site = self.context.records.buildings.at(self.home.site as usize);
            if judged.cause.is_exact() && judged.place[0].is_finite() {
                let after = metres_text(self.home.building_m(judged.place).unwrap_or(0.0));
                return Some(if before[0].is_finite() {
                    let before = metres_text(before_m);
                    both(
                        format!("还原后距同一地址的房屋 {} {after}（原距 {before}）", site.id()),
                        format!("then it is {after} from building {} with this address ({before} before)", site.id()),
                    )
                } else {
                    both(
                        format!("还原后距同一地址的房屋 {} {after}", site.id()),
                        format!("then it is {after} from building {} with this address", site.id()),
                    )
                });
            }
            if before[0].is_finite() {
                let before = metres_text(before_m);
                return Some(both(
                    format!("同一地址的房屋 {} 在 {before} 外", site.id()),
                    format!("the building {} with this address is {before} away", site.id()),
                ));
            }
            return Some(both(
                format!("同一地址的房屋是 {}", site.id()),
                format!("the building with this address is {}", site.id()),
            ));
        }
        let expected = self.home.expected?;
        let name = &pack.series[self.home.key.series as usize].name;
        let main = self.home.key.main;
        let at = if judged.cause.is_exact() { judged.place } else { before };
        if !at[0].is_finite() {
            return None;
        }
        let (far, scale) = (metres_text(distance(at, expected.at)), metres_text(expected.scale_m));
        Some(if judged.cause.is_exact() {
            both(
                format!("还原后距“{name}”{main} 号按邻号推算的位置 {far}（误差约 {scale}）"),
                format!(
                    "then it is {far} from where its neighbours on {name} put number {main} (give or take {scale})"
                ),
            )
        } else {
            both(
                format!("“{name}”{main} 号按邻号推算应在 {far} 外（误差约 {scale}）"),
                format!("its neighbours on {name} put number {main} {far} away (give or take {scale})"),
            )
        })
    }

    /// What speaks against the attribute as it is declared.
    fn against(&self) -> Option<Text> {
        let context = self.context;
        if self.judged.cause == Cause::Grid {
            let declared = context.declared(self.i)?;
            let (zh, en) = grid_name(context, declared);
            let m = metres_text(-context.grid.signed_distance_m(declared, self.raw()));
            return Some(both(format!("距登记网格 {zh} {m}"), format!("it lies {m} outside the declared grid {en}")));
        }
        let at = self.at();
        if let Some(m) = self.home.building_m(at) {
            let (id, m) = (context.records.buildings.at(self.home.site as usize).id(), metres_text(m));
            return Some(both(
                format!("登记地址的房屋 {id} 在 {m} 外"),
                format!("the building {id} with the declared address is {m} away"),
            ));
        }
        let expected = self.home.expected?;
        let m = metres_text(distance(at, expected.at));
        Some(both(
            format!("登记的号按邻号推算应在 {m} 外"),
            format!("the neighbours of the declared number put it {m} away"),
        ))
    }

    /// How many of the batch agree.
    fn batch(&self) -> Option<Text> {
        let pin = &self.found.stage().level.pack.pins[self.i];
        let found = self.found.stage().batch(pin.batch)?;
        (found.cause == self.judged.cause).then(|| {
            both(
                format!("同批次 {} 个点中有 {} 个与此相符", found.asked, found.agree),
                format!("{} of {} in its batch agree", found.agree, found.asked),
            )
        })
    }

    /// That something else may be the cause, when it is not clear.
    fn second(&self) -> Option<Text> {
        let wrong = 1.0 - self.judged.right;
        let share = self.judged.share / wrong.max(1e-9);
        (share < 0.7 && wrong >= 0.5).then(|| {
            let percent = (share * 100.0).round();
            both(
                format!("若有误，此原因的可能性为 {percent}%"),
                format!("if it is wrong, this is the cause with {percent} %"),
            )
        })
    }

    fn suggest(&self, finding: Finding) -> Finding {
        let parts = self.context.parts(self.i);
        let parts = parts.view();
        match self.judged.cause {
            Cause::Number => {
                let (field, old) = if parts.compound.is_empty() || parts.building.is_empty() {
                    ("house_number", parts.house_number)
                } else {
                    ("building", parts.building)
                };
                let own = self.found.stage().level.pack.pins[self.i].key.main.to_string();
                let value = old.replacen(&own, &self.judged.value.to_string(), 1);
                if value == *old { finding } else { finding.suggest_value(field, value) }
            }
            Cause::Road => {
                let series = &self.found.stage().level.pack.series;
                let Some(series) = series.get(self.judged.value as usize) else { return finding };
                let (own, other) = (split(&parts), &*series.name);
                match own.map(|own| own.group).filter(|group| !group.is_empty()) {
                    // A village and its group are one series: what differs is told.
                    Some(group) => match (other.strip_suffix(group), other.strip_prefix(parts.village)) {
                        (_, Some(other)) if !other.is_empty() => finding.suggest_value("group", other),
                        (Some(village), _) if !village.is_empty() => finding.suggest_value("village", village),
                        _ => finding,
                    },
                    None if !parts.road.is_empty() => finding.suggest_value("road", other),
                    None if !parts.compound.is_empty() => finding.suggest_value("compound", other),
                    None => finding,
                }
            }
            Cause::Grid => finding,
            _ if self.judged.place[0].is_finite() => finding.suggest_at(self.place(), self.judged.radius_m),
            _ => finding,
        }
    }
}
