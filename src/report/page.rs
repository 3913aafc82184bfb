//! The report of a check as one HTML page: figures, a map, the worst hundred. Needs no server and prints well.

use crate::check::catalogue;
use crate::check::{Context, hypothesis::Cause};
use crate::domain::{Flag, LonLat, Severity, Subject, Tier};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// Probability from which a flag counts as probably wrong.
const PROBABLE: f64 = 0.8;
/// Grids and batches that are listed.
const LISTED: usize = 40;
/// Records that are listed.
const WORST: usize = 100;
/// Pins and arrows on the map, at most.
const DOTS: usize = 6_000;
const ARROWS: usize = 1_500;
/// Width of the map, pixels.
const MAP_PX: f64 = 960.0;

/// The page about the flags of a check. `source` names the files that were checked.
pub fn page(context: &Context, flags: &[Flag], source: &str) -> String {
    let facts = Facts::of(context, flags);
    let mut html = String::with_capacity(1 << 20);
    html.push_str(HEAD);
    facts.header(&mut html, source);
    facts.map(&mut html);
    facts.rules(&mut html);
    facts.batches(&mut html);
    facts.grids(&mut html);
    facts.worst(&mut html);
    html.push_str("</main></body></html>\n");
    html
}

/// Text as HTML shows it.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What a flag's rule is about, for colours: datum and form, default, place, attribute.
fn group(rule: &str) -> usize {
    match rule {
        r if r.starts_with("datum") || r.starts_with("coordinate") || r == "batch_offset" => 0,
        "pin_default" | "pin_stacked" | "pin_office" => 1,
        r if r.starts_with("pin") => 2,
        _ => 3,
    }
}

/// Chinese, English and colour of each group.
const GROUPS: [(&str, &str, &str); 4] = [
    ("坐标系、格式与整批平移", "datum, form, moved batches", "#7b3fa0"),
    ("默认、同点与驻地采集", "defaults, stacks, desks", "#b35900"),
    ("点位偏离、点错房屋", "displaced, wrong building", "#c0262d"),
    ("登记属性存疑", "doubtful attributes", "#1d6fb8"),
];

struct Facts<'a, 'c> {
    context: &'a Context<'c>,
    flags: &'a [Flag],
    /// The most probable flag of each address that is probably wrong, by its position.
    wrong: BTreeMap<usize, &'a Flag>,
}

impl<'a, 'c> Facts<'a, 'c> {
    fn of(context: &'a Context<'c>, flags: &'a [Flag]) -> Self {
        let mut wrong: BTreeMap<usize, &Flag> = BTreeMap::new();
        for flag in flags.iter().filter(|flag| flag.probability.is_some_and(|p| p >= PROBABLE)) {
            if let Subject::Address(id) = &flag.subject
                && let Some(i) = context.address_by_id(id)
            {
                let kept = wrong.entry(i).or_insert(flag);
                if flag.probability > kept.probability {
                    *kept = flag;
                }
            }
        }
        Facts { context, flags, wrong }
    }

    fn header(&self, html: &mut String, source: &str) {
        let records = self.context.records;
        let rule = |code: &str| self.flags.iter().filter(|flag| flag.rule == code).count();
        let tier = |tier: Tier| self.wrong.values().filter(|flag| flag.tier == Some(tier)).count();
        let field = self.flags.iter().filter(|flag| flag.tier == Some(Tier::Field)).count();
        let all = records.addresses.len();
        let share = |n: usize| if all == 0 { 0.0 } else { 100.0 * n as f64 / all as f64 };
        let _ = write!(
            html,
            "<header><h1>地址点位检查报告 <small>Check of address pins</small></h1><p class=\"dim\">{} · {}</p></header><main><section class=\"cards\">",
            self.context.today,
            escape(source)
        );
        for (zh, en, count) in [
            ("检查的地址", "addresses checked", all),
            ("很可能有误（≥ 0.8）", "probably wrong (0.8 or more)", self.wrong.len()),
            ("可整批采纳", "to be accepted in one action", tier(Tier::Auto)),
            ("需核对", "to be looked at", tier(Tier::Review)),
            ("需到现场（0.5–0.8）", "to be visited (0.5 to 0.8)", field),
            ("在别的网格", "in another grid than declared", rule("grid_mismatch")),
            ("不在任何网格", "in no grid", rule("pin_outside_area")),
        ] {
            let _ = write!(
                html,
                "<div><b>{count}</b><span>{zh}</span><small>{en}</small><i>{:.2} %</i></div>",
                share(count)
            );
        }
        html.push_str("</section>");
        html.push_str(
            "<p class=\"note\">概率为“该记录有误”的可能性。约 30 m 以内，一次定位无法区分点错房屋与手机误差；没有房屋数据、门牌无序的村庄，\
             概率会如实偏低。任何建议都不会自动采纳。<br><span lang=\"en\">A probability is that of the record being wrong. Under about 30 m \
             one fix cannot tell a wrong building from noise; without buildings, or where numbers have no order, probabilities are \
             low, and say so. Nothing is ever applied by itself.</span></p>",
        );
    }

    /// Grids by their share of wrong pins, pins by what is wrong, arrows to where exact causes put them.
    fn map(&self, html: &mut String) {
        let Some([w, s, e, n]) = self.context.area() else { return };
        let mid = ((s + n) / 2.0).to_radians().cos().max(0.05);
        let scale = MAP_PX / ((e - w) * mid).max(1e-6);
        let height = ((n - s) * scale).clamp(120.0, 1_400.0);
        let at = |p: LonLat| [(p.lon - w) * mid * scale, (n - p.lat) * scale];
        html.push_str("<section><h2>分布 <small>Where they are</small></h2><ul class=\"legend\">");
        for (zh, en, colour) in GROUPS {
            let _ = write!(html, "<li><i style=\"background:{colour}\"></i>{zh} <small>{en}</small></li>");
        }
        html.push_str("<li><i style=\"background:#e7b9a5\"></i>网格底色：很可能有误的比例 <small>grids: share probably wrong</small></li><li><u></u>线：可整批采纳的还原 <small>lines: from the pin to where an exact cause puts it</small></li></ul>");
        let _ = write!(html, "<svg viewBox=\"0 0 {MAP_PX:.0} {height:.0}\" role=\"img\" aria-label=\"map\">");
        let (shares, _) = self.by_grid();
        for (g, grid) in self.context.records.grids.iter().enumerate() {
            let share = shares.get(&(g as u32)).map_or(0.0, |[wrong, all]| *wrong as f64 / (*all).max(1) as f64);
            let mut path = String::new();
            for ring in grid.polygon.iter().map(|polygon| polygon.exterior()) {
                let mut last = [f64::NAN; 2];
                for (k, c) in ring.coords().enumerate() {
                    let [x, y] = at(LonLat::new(c.x, c.y));
                    // Closer than half a pixel is not seen.
                    if k == 0 || (x - last[0]).hypot(y - last[1]) > 0.5 {
                        let _ = write!(path, "{}{x:.1} {y:.1}", if k == 0 { 'M' } else { 'L' });
                        last = [x, y];
                    }
                }
                path.push('Z');
            }
            if !path.is_empty() {
                let _ = write!(
                    html,
                    "<path d=\"{path}\" fill=\"#c8643c\" fill-opacity=\"{:.2}\" stroke=\"#8a8f98\" stroke-width=\".5\"/>",
                    (share * 2.5).min(0.8)
                );
            }
        }
        let inside = |[x, y]: [f64; 2]| (0.0..=MAP_PX).contains(&x) && (0.0..=height).contains(&y);
        let step = self.wrong.len().div_ceil(DOTS).max(1);
        for flag in self.wrong.values().step_by(step) {
            if let Some([x, y]) = flag.at.map(at).filter(|p| inside(*p)) {
                let colour = GROUPS[group(flag.rule)].2;
                let _ = write!(html, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"1.6\" fill=\"{colour}\"/>");
            }
        }
        for flag in self.wrong.values().filter(|flag| flag.tier == Some(Tier::Auto)).take(ARROWS) {
            let to = flag.suggestion.as_ref().and_then(|suggestion| suggestion.at);
            if let (Some([x, y]), Some([a, b])) = (flag.at.map(at).filter(|p| inside(*p)), to.map(at)) {
                let _ = write!(
                    html,
                    "<path d=\"M{x:.1} {y:.1}L{a:.1} {b:.1}\" stroke=\"#7b3fa0\" stroke-width=\".6\" stroke-opacity=\".5\"/>"
                );
            }
        }
        html.push_str("</svg>");
        if step > 1 {
            let _ = write!(html, "<p class=\"dim\">每 {step} 个点画 1 个 · one pin in {step} is drawn</p>");
        }
        html.push_str("</section>");
    }

    fn rules(&self, html: &mut String) {
        let mut counts: HashMap<&str, [usize; 2]> = HashMap::new();
        for flag in self.flags {
            let count = counts.entry(flag.rule).or_default();
            count[0] += 1;
            count[1] += usize::from(flag.probability.is_some_and(|p| p >= PROBABLE));
        }
        html.push_str("<section><h2>按规则 <small>By rule</small></h2><table><thead><tr><th>规则 <small>rule</small></th><th></th><th class=\"n\">条数 <small>flags</small></th><th class=\"n\">≥ 0.8</th></tr></thead><tbody>");
        for rule in catalogue().iter().filter(|rule| counts.contains_key(rule.code)) {
            let [all, probable] = counts[rule.code];
            let grave = self.flags.iter().filter(|flag| flag.rule == rule.code).map(|flag| flag.severity).max();
            let letter = grave.map_or(' ', Severity::letter);
            let probable = if rule.probability { probable.to_string() } else { String::new() };
            let _ = write!(
                html,
                "<tr><td>{} <small>{}</small></td><td class=\"sev {letter}\">{letter}</td><td class=\"n\">{all}</td><td class=\"n\">{probable}</td></tr>",
                escape(&rule.title.zh),
                escape(&rule.title.en)
            );
        }
        html.push_str("</tbody></table></section>");
    }

    /// One row for each batch that moved as a whole: one cause, one action.
    fn batches(&self, html: &mut String) {
        let detection = self.context.detection();
        let pins = &detection.stage().level.pack.pins;
        let mut rows: Vec<(usize, String, &str, String)> = Vec::new();
        for (b, found) in detection.stage().batches.iter().enumerate() {
            let Some(found) = found else { continue };
            let members: Vec<usize> = (0..pins.len()).filter(|i| pins[*i].batch == b as u32).collect();
            let Some(name) = members.first().and_then(|i| self.context.address(*i).batch()) else { continue };
            let wrong =
                members.iter().filter(|i| self.wrong.get(i).is_some_and(|f| f.rule == found.cause.rule())).count();
            let by = if found.cause == Cause::Offset {
                format!("{:.1} m", found.moved_m[0].hypot(found.moved_m[1]))
            } else {
                String::new()
            };
            rows.push((wrong, name.to_string(), found.cause.rule(), format!("{} / {} {by}", found.agree, found.asked)));
        }
        if rows.is_empty() {
            return;
        }
        rows.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        html.push_str("<section><h2>整批问题 <small>Batches with one cause</small></h2><table><thead><tr><th>批次 <small>batch</small></th><th>原因 <small>cause</small></th><th class=\"n\">条数 <small>pins</small></th><th class=\"n\">相符 <small>agree</small></th></tr></thead><tbody>");
        for (wrong, name, rule, agree) in rows.iter().take(LISTED) {
            let title = catalogue().iter().find(|doc| doc.code == *rule);
            let (zh, en) =
                title.map_or((rule.to_string(), String::new()), |d| (d.title.zh.clone(), d.title.en.clone()));
            let _ = write!(
                html,
                "<tr><td>{}</td><td>{} <small>{}</small></td><td class=\"n\">{wrong}</td><td class=\"n\">{agree}</td></tr>",
                escape(name),
                escape(&zh),
                escape(&en)
            );
        }
        html.push_str("</tbody></table></section>");
    }

    /// Wrong and all addresses of each declared grid; and of how many no grid is declared.
    fn by_grid(&self) -> (HashMap<u32, [usize; 2]>, usize) {
        let (mut grids, mut none): (HashMap<u32, [usize; 2]>, usize) = (HashMap::new(), 0);
        for i in 0..self.context.records.addresses.len() {
            match self.context.declared(i) {
                Some(g) => {
                    let count = grids.entry(g).or_default();
                    count[0] += usize::from(self.wrong.contains_key(&i));
                    count[1] += 1;
                }
                None => none += 1,
            }
        }
        (grids, none)
    }

    fn grids(&self, html: &mut String) {
        let (grids, _) = self.by_grid();
        let mut rows: Vec<(u32, [usize; 2])> = grids.into_iter().filter(|(_, [wrong, _])| *wrong > 0).collect();
        if rows.is_empty() {
            return;
        }
        rows.sort_by(|a, b| b.1[0].cmp(&a.1[0]).then(self.context.grid.code(a.0).cmp(self.context.grid.code(b.0))));
        html.push_str("<section><h2>按网格 <small>By grid, the most first</small></h2><table><thead><tr><th>网格 <small>grid</small></th><th class=\"n\">地址 <small>addresses</small></th><th class=\"n\">很可能有误 <small>probably wrong</small></th><th class=\"n\">%</th></tr></thead><tbody>");
        for (g, [wrong, all]) in rows.iter().take(LISTED) {
            let grid = &self.context.records.grids[*g as usize];
            let _ = write!(
                html,
                "<tr><td>{} <small>{}</small></td><td class=\"n\">{all}</td><td class=\"n\">{wrong}</td><td class=\"n\">{:.1}</td></tr>",
                escape(&grid.name),
                escape(&grid.code),
                100.0 * *wrong as f64 / (*all).max(1) as f64
            );
        }
        html.push_str("</tbody></table></section>");
    }

    fn worst(&self, html: &mut String) {
        let mut worst: Vec<(usize, &Flag)> = self.wrong.iter().map(|(i, flag)| (*i, *flag)).collect();
        worst.sort_by(|a, b| {
            b.1.probability.unwrap_or(0.0).total_cmp(&a.1.probability.unwrap_or(0.0)).then(a.0.cmp(&b.0))
        });
        html.push_str("<section><h2>最可能有误的一百条 <small>The worst hundred</small></h2>");
        if worst.is_empty() {
            html.push_str(
                "<p class=\"empty\">没有很可能有误的点位。<small>No pin is probably wrong.</small></p></section>",
            );
            return;
        }
        html.push_str("<table class=\"worst\"><thead><tr><th>地址 <small>address</small></th><th class=\"n\">p</th><th>说明与建议 <small>why, and where it belongs</small></th></tr></thead><tbody>");
        for (i, flag) in worst.iter().take(WORST) {
            let address = self.context.address(*i);
            let mut to = String::new();
            if let Some(suggestion) = &flag.suggestion {
                if let Some(at) = suggestion.at {
                    let _ = write!(to, "→ {:.6}, {:.6} ± {:.0} m", at.lon, at.lat, suggestion.radius_m.unwrap_or(0.0));
                }
                if let (Some(field), Some(value)) = (&suggestion.field, &suggestion.value) {
                    let _ = write!(to, "→ {field}: {}", escape(value));
                }
            }
            let _ = write!(
                html,
                "<tr><td>{} <small>{}</small></td><td class=\"n\">{:.2}</td><td>{}<br><span lang=\"en\">{}</span> <b>{to}</b></td></tr>",
                escape(&address.full_text()),
                escape(address.id()),
                flag.probability.unwrap_or(0.0),
                escape(&flag.message.zh),
                escape(&flag.message.en)
            );
        }
        html.push_str("</tbody></table></section>");
    }
}

const HEAD: &str = r#"<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>gridpin 检查报告 / check report</title><style>
:root{--ink:#1b1f24;--dim:#59616b;--line:#d9dde2;--ground:#fff}
*{box-sizing:border-box}body{margin:0;color:var(--ink);background:var(--ground);font:15px/1.55 "Noto Sans CJK SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif}
header,main{max-width:1020px;margin:0 auto;padding:0 24px}header{padding-top:32px}
h1{font-size:26px;margin:0}h2{font-size:19px;margin:36px 0 10px;border-bottom:2px solid var(--ink);padding-bottom:4px}
small,[lang=en]{color:var(--dim);font-weight:400}h1 small,h2 small{font-size:.7em;margin-left:.4em}.dim{color:var(--dim);margin:.3em 0}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:12px;margin-top:20px}
.cards div{border:1px solid var(--line);border-radius:8px;padding:10px 12px;display:flex;flex-direction:column}
.cards b{font-size:24px;line-height:1.2;font-variant-numeric:tabular-nums}.cards i{font-style:normal;color:var(--dim);margin-top:auto}
.note{border-left:3px solid var(--line);padding:4px 12px;margin:18px 0}
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:600;border-bottom:1px solid var(--ink);padding:4px 8px}
td{border-bottom:1px solid var(--line);padding:5px 8px;vertical-align:top}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.sev{font-weight:700;width:2em}.E{color:#b3202a}.W{color:#8f5300}.I{color:#1d6fb8}
.worst td:first-child{width:30%}.worst b{font-weight:600;white-space:nowrap}
svg{width:100%;height:auto;border:1px solid var(--line);background:#f6f7f8}.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:0 0 8px}
.legend i{display:inline-block;width:11px;height:11px;border-radius:50%;margin-right:6px}.legend u{display:inline-block;width:18px;border-top:2px solid #7b3fa0;margin-right:6px;vertical-align:middle}.empty{padding:18px;border:1px dashed var(--line)}
@media print{@page{size:A4;margin:12mm}body{font-size:10.5px;line-height:1.4}header,main{max-width:none;padding:0}h1{font-size:20px}h2{font-size:14px;margin:16px 0 6px;break-after:avoid}
.cards{grid-template-columns:repeat(7,1fr);gap:6px;margin-top:10px}.cards div{padding:6px 8px}.cards b{font-size:17px}.note{margin:10px 0}svg{max-height:155mm}th,td{padding:3px 6px}
tr,svg,.cards,.legend{break-inside:avoid}.legend{break-after:avoid}thead{display:table-header-group}.legend i,.legend u{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@media(max-width:640px){.worst td:first-child{width:42%}}
</style></head><body>"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::run;
    use crate::check::scene::Scene;

    #[test]
    fn the_page_holds_what_was_found_and_nothing_from_elsewhere() {
        let mut scene = Scene::default();
        scene.address("A<1>", 28.405_123, 119.905_123).full_text = "人民路12号<script>".into();
        scene.building("B1", 119.905_1, 28.405_1).full_text = "人民路12号".into();
        let html = scene.with(|context| page(context, &run(context, 1, &|_| {}), "addresses & more.csv"));
        assert!(
            html.contains("经纬度颠倒") && html.contains("A&lt;1&gt;") && html.contains("addresses &amp; more.csv")
        );
        assert!(html.contains("→ 119.905123, 28.405123"), "the suggestion is told");
        assert!(!html.contains("<script") && !html.contains("http://") && !html.contains("https://"));
        assert_eq!(html.matches("<section").count(), html.matches("</section>").count());
        assert_eq!(html.matches("<table").count(), html.matches("</table>").count());
    }

    #[test]
    fn nothing_to_report_is_said() {
        let html = Scene::default().with(|context| page(context, &[], "none.csv"));
        assert!(html.contains("没有很可能有误的点位") && html.contains("No pin is probably wrong"));
    }
}
