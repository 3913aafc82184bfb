//! Batches with one cause: what a person may mend in one action.

use super::batch::BatchCause;
use super::detect::Detection;
use super::finding::metres_text;
use super::hypothesis::Cause;
use crate::error::Text;

/// A batch that was moved as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// What moved it, and how many of those asked agree.
    pub cause: BatchCause,
    /// Positions of its addresses that are in use and have coordinates, ascending.
    pub pins: &'a [u32],
    found: &'a Detection,
}

impl Detection {
    /// The batches that were moved as a whole.
    pub fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        let batches = self.stage().batches.iter().zip(self.stage().level.pack.batches.iter());
        batches.filter_map(|(cause, pins)| Some(Group { cause: (*cause)?, pins, found: self }))
    }

    /// The group that an address belongs to by its own verdict.
    pub fn group_of(&self, address: u32) -> Option<Group<'_>> {
        let pack = &self.stage().level.pack;
        let batch = pack.pins.get(address as usize)?.batch;
        let group = Group { cause: self.stage().batch(batch)?, pins: &pack.batches[batch as usize], found: self };
        group.explains(address).then_some(group)
    }
}

impl Group<'_> {
    /// Whether the batch's cause is also what explains this address best.
    pub fn explains(&self, address: u32) -> bool {
        self.found.judged.get(address as usize).is_some_and(|judged| judged.cause == self.cause.cause)
    }
}

impl BatchCause {
    /// The cause with its numbers: `wrong` of `all` pins of a batch.
    pub fn text(&self, batch: &str, wrong: usize, all: usize) -> Text {
        let (zh, en) = match self.cause {
            Cause::Gcj02 => ("是 GCJ-02（火星）坐标".into(), "stand in GCJ-02".into()),
            Cause::Bd09 => ("是 BD-09（百度）坐标".into(), "stand in BD-09".into()),
            Cause::Reversed => {
                ("被多做了一次 GCJ-02 纠偏".into(), "were converted from GCJ-02 though they were none".into())
            }
            Cause::Twice => ("被加偏（转 GCJ-02）两次".into(), "were converted to GCJ-02 twice".into()),
            Cause::Library => {
                ("经过有缺陷的转换库而东西漂移".into(), "drifted east or west in a faulty conversion library".into())
            }
            _ => {
                let [x, y] = self.moved_m;
                let (m, bearing) = (metres_text(x.hypot(y)), x.atan2(y).to_degrees().rem_euclid(360.0));
                (
                    format!("被一起平移了 {m}（方位角 {bearing:.0}°）"),
                    format!("stand {m} off together (bearing {bearing:.0} degrees)"),
                )
            }
        };
        Text::new(
            format!("批次 {batch} 的 {all} 个点位中有 {wrong} 个{zh}"),
            format!("{wrong} of {all} pins of batch {batch} {en}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_tells_its_numbers_in_both_languages() {
        let told =
            |cause, moved_m| BatchCause { cause, moved_m, agree: 83, asked: 85, share: 0.99 }.text("P00165", 83, 85);
        let text = told(Cause::Gcj02, [0.0; 2]);
        assert_eq!(text.en, "83 of 85 pins of batch P00165 stand in GCJ-02");
        assert_eq!(text.zh, "批次 P00165 的 85 个点位中有 83 个是 GCJ-02（火星）坐标");
        let text = told(Cause::Offset, [30.0, -40.0]);
        assert_eq!(text.en, "83 of 85 pins of batch P00165 stand 50.00 m off together (bearing 143 degrees)");
        assert!(text.zh.contains("50.00 m（方位角 143°）"), "{}", text.zh);
    }
}
