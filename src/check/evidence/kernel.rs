//! Densities and ratios that are learned from the data at hand.

use crate::check::likelihood::exp;
use std::f64::consts::TAU;

/// A density of the plane that falls with the distance: a mixture of round normal distributions of fixed scales.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    /// Weight over `TAU sigma^2`, and `-1 / 2 sigma^2`, of each component.
    parts: Vec<[f64; 2]>,
    peak: f64,
}

/// A distance seen, in units of the kernel, and how far it is to be trusted, 0 to 1.
pub type Seen = (f64, f64);

impl Kernel {
    /// A kernel of components with standard deviations `scales` and `weights` that sum to one.
    pub fn new(scales: &[f64], weights: &[f64]) -> Self {
        let part = |(s, w): (&f64, &f64)| [w / (TAU * s * s), -0.5 / (s * s)];
        let mut kernel = Kernel { parts: scales.iter().zip(weights).map(part).collect(), peak: 0.0 };
        kernel.peak = kernel.density(0.0);
        kernel
    }

    /// The density at no distance: the highest.
    pub fn peak(&self) -> f64 {
        self.peak
    }

    /// The density at a distance.
    pub fn density(&self, r: f64) -> f64 {
        self.parts.iter().map(|[w, f]| w * exp(f * r * r)).sum()
    }

    /// Expectation maximisation over the weights of components with standard deviations `scales`, beside an even
    /// density `floor` for what is wrong, which is not part of the kernel. `default` stands for a hundred sightings,
    /// so that few or no data leave it as it is.
    pub fn fit(scales: &[f64], default: &[f64], seen: &[Seen], floor: f64) -> Vec<f64> {
        const ROUNDS: usize = 60;
        const DEFAULT_SEEN: f64 = 20.0;
        // The distances are taken together in steps of three in a hundred: the same weights, whatever their number.
        let mut steps = vec![[0.0; 2]; 512];
        let step = |r: f64| ((r.max(1e-3).ln() + 7.0) / 0.03).clamp(0.0, 511.0) as usize;
        for (r, trust) in seen {
            let step = &mut steps[step(*r)];
            step[0] += trust;
            step[1] += trust * r;
        }
        let steps: Vec<Seen> = steps.into_iter().filter(|s| s[0] > 0.0).map(|[w, sum]| (sum / w, w)).collect();
        let density = |s: &f64, r: f64| (-0.5 * (r / s).powi(2)).exp() / (TAU * s * s);
        let steps: Vec<(f64, Vec<f64>)> =
            steps.into_iter().map(|(r, trust)| (trust, scales.iter().map(|s| density(s, r)).collect())).collect();
        let mut parts = vec![0.0; scales.len()];
        let (mut weights, mut wrong) = (default.to_vec(), 0.1);
        for _ in 0..ROUNDS {
            let mut sums: Vec<f64> = default.iter().map(|w| w * DEFAULT_SEEN).collect();
            let mut wrongs = 0.05 * DEFAULT_SEEN;
            for (trust, densities) in &steps {
                let each = parts.iter_mut().zip(&weights).zip(densities);
                each.for_each(|((part, weight), density)| *part = (1.0 - wrong) * weight * density);
                let all = parts.iter().sum::<f64>() + wrong * floor;
                parts.iter().zip(&mut sums).for_each(|(part, sum)| *sum += trust * part / all);
                wrongs += trust * wrong * floor / all;
            }
            let all: f64 = sums.iter().sum();
            weights = sums.iter().map(|sum| sum / all).collect();
            wrong = wrongs / (all + wrongs);
        }
        weights
    }

    /// Takes out the components of the largest scales once `share` of the mass and one more component are counted:
    /// errors otherwise hide in the tail of what they spoil.
    pub fn without_tail(weights: &mut [f64], share: f64) {
        let mut sum = 0.0;
        if let Some(last) = weights.iter().position(|w| {
            sum += w;
            sum >= share
        }) {
            weights.iter_mut().skip(last + 2).for_each(|w| *w = 1e-4);
        }
        let all: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= all);
    }
}

/// Logarithm of how much likelier a number is for a right place than for a wrong one, in steps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ratio {
    edges: Vec<f64>,
    logs: Vec<f64>,
}

impl Ratio {
    /// Learns the ratio from numbers seen at right places and at wrong ones, between `edges` in rising order.
    pub fn fit(edges: &[f64], right: &[f64], wrong: &[f64]) -> Self {
        let shares = |seen: &[f64]| {
            let mut counts = vec![3.0; edges.len() + 1];
            seen.iter().for_each(|x| counts[edges.partition_point(|e| e <= x)] += 1.0);
            let all: f64 = counts.iter().sum();
            counts.into_iter().map(move |count| count / all)
        };
        Ratio {
            logs: shares(right).zip(shares(wrong)).map(|(r, w): (f64, f64)| (r / w).ln()).collect(),
            edges: edges.to_vec(),
        }
    }

    /// As [`Ratio::fit`], where `share` of the numbers seen as right are in truth wrong ones.
    pub fn fit_mixed(edges: &[f64], mixed: &[f64], wrong: &[f64], share: f64) -> Self {
        const LEAST: f64 = 0.15;
        let plain = Ratio::fit(edges, mixed, wrong);
        let pure = |log: &f64| (log.exp() - share).max(log.exp() * LEAST).ln();
        Ratio { logs: plain.logs.iter().map(pure).collect(), ..plain }
    }

    /// The ratio's logarithm at a number.
    pub fn at(&self, x: f64) -> f64 {
        self.logs.get(self.edges.partition_point(|e| *e <= x)).copied().unwrap_or(0.0)
    }
}

/// The weighted median of values: the least value up to which half the weight lies; the list is left in another order.
/// Zero for none.
pub fn weighted_median(values: &mut [(f64, f64)]) -> f64 {
    let half = values.iter().map(|v| v.1).sum::<f64>() / 2.0;
    weighted_median_by(values, half)
}

/// The same where half their weight, added up in their order, is known.
pub fn weighted_median_by(values: &mut [(f64, f64)], half: f64) -> f64 {
    if let Some(clear) = clear_median(values, half) {
        return clear;
    }
    let (mut values, mut below) = (values, 0.0);
    while values.len() > 8 {
        let middle = values.len() / 2;
        let (low, pivot, high) = values.select_nth_unstable_by(middle, |a, b| a.0.total_cmp(&b.0));
        let low_weight: f64 = low.iter().map(|v| v.1).sum();
        let (pivot, weight) = *pivot;
        if below + low_weight >= half {
            values = low;
        } else if below + low_weight + weight >= half {
            return pivot;
        } else {
            below += low_weight + weight;
            values = high;
        }
    }
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    for (value, weight) in values.iter() {
        below += weight;
        if below >= half {
            return *value;
        }
    }
    values.last().map_or(0.0, |v| v.0)
}

/// The weighted median of some dozens of values, faster; none where the weight up to a value is so
/// nearly a half that it matters in which order weights are added up, and none for more values or hardly any.
fn clear_median(values: &[(f64, f64)], half: f64) -> Option<f64> {
    const FEWEST: usize = 9;
    const MOST: usize = 96;
    if !(FEWEST..=MOST).contains(&values.len()) {
        return None;
    }
    let doubt = half * 1e-9;
    let (mut list, mut above) = (&mut [(0, 0.0); MOST], &mut [(0, 0.0); MOST]);
    list.iter_mut().zip(values).for_each(|(slot, (value, weight))| *slot = (turn(value.to_bits() as i64), *weight));
    let (mut count, mut left) = (values.len(), half);
    while count > 0 {
        let [a, b, c] = [list[0].0, list[count / 2].0, list[count - 1].0];
        let pivot = a.max(b).min(a.min(b).max(c));
        let (mut low, mut high, mut below, mut equal) = (0, 0, 0.0, 0.0);
        // Without a branch: where a value belongs cannot be foreseen.
        for k in 0..count {
            let entry = list[k];
            (list[low], above[high]) = (entry, entry);
            low += usize::from(entry.0 < pivot);
            high += usize::from(entry.0 > pivot);
            below += weight_if(entry.0 < pivot, entry.1);
            equal += weight_if(entry.0 == pivot, entry.1);
        }
        if (below - left).abs() <= doubt || (below + equal - left).abs() <= doubt {
            return None;
        }
        if below > left {
            count = low;
        } else if below + equal > left {
            return Some(f64::from_bits(turn(pivot) as u64));
        } else {
            left -= below + equal;
            count = high;
            std::mem::swap(&mut list, &mut above);
        }
    }
    None
}

/// A weight where it counts, else nothing: told by its bits, as there is no choice between two floats without a branch.
fn weight_if(counts: bool, weight: f64) -> f64 {
    f64::from_bits(weight.to_bits() & u64::from(counts).wrapping_neg())
}

/// From the bits of a number to a whole one that is ordered as `total_cmp` orders them, and back.
fn turn(bits: i64) -> i64 {
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn a_kernel_is_a_density_and_is_found_again() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let mut normal = || (-2.0 * rng.random_range(1e-12f64..1.0).ln()).sqrt();
        // Three in four of 5 m, one in four of 15 m, and a tenth of rubbish up to 300 m.
        let mut seen: Vec<Seen> = (0..30_000).map(|i| (normal() * if i % 4 == 0 { 15.0 } else { 5.0 }, 1.0)).collect();
        let mut even = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        seen.extend((0..3_000).map(|_| (300.0 * even.random_range(0.0f64..1.0).sqrt(), 1.0)));
        let scales = [5.0, 15.0];
        let weights = Kernel::fit(&scales, &[0.5, 0.5], &seen, 1.0 / (std::f64::consts::PI * 300.0 * 300.0));
        assert!((weights[0] - 0.75).abs() < 0.03, "{weights:?}");
        let kernel = Kernel::new(&scales, &weights);
        let mass: f64 =
            (0..20_000).map(|i| (f64::from(i) + 0.5) * 0.01).map(|r| kernel.density(r) * TAU * r * 0.01).sum();
        assert!((mass - 1.0).abs() < 1e-3, "{mass}");
    }

    #[test]
    fn no_data_leave_the_default() {
        let weights = Kernel::fit(&[3.0, 6.0], &[0.7, 0.3], &[], 1e-6);
        assert!((weights[0] - 0.7).abs() < 1e-9);
        assert_eq!(Ratio::fit(&[10.0], &[], &[]).at(3.0), 0.0);
        assert_eq!(weighted_median(&mut []), 0.0);
    }

    #[test]
    fn ratios_and_medians() {
        let ratio = Ratio::fit(&[10.0], &[1.0; 97], &[20.0; 97]);
        assert!(
            (ratio.at(5.0) - (100.0f64 / 3.0).ln()).abs() < 1e-12 && (ratio.at(50.0) + ratio.at(5.0)).abs() < 1e-12
        );
        assert_eq!(weighted_median(&mut [(3.0, 1.0), (1.0, 1.0), (2.0, 5.0)]), 2.0);
    }

    #[test]
    fn a_clear_median_is_the_median() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let (mut clear, mut doubtful) = (0, 0);
        for round in 0..20_000 {
            let kinds = [3.0, 40.0, 1e9][round % 3];
            let weight = |w: f64| if round % 2 == 0 { w } else { (w * 4.0).ceil() };
            let values: Vec<(f64, f64)> = (0..rng.random_range(9..=96))
                .map(|_| ((rng.random_range(-1.0f64..1.0) * kinds).round(), weight(rng.random_range(0.0..1.0))))
                .collect();
            let mut sorted = values.clone();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            let half = values.iter().map(|v| v.1).sum::<f64>() / 2.0;
            let mut below = 0.0;
            let plain = sorted.iter().find(|(_, weight)| {
                below += weight;
                below >= half
            });
            let expected = plain.map(|(value, _)| value.to_bits());
            match clear_median(&values, half) {
                Some(found) => {
                    clear += 1;
                    assert_eq!(Some(found.to_bits()), expected);
                }
                None => doubtful += 1,
            }
            assert_eq!(Some(weighted_median(&mut values.clone()).to_bits()), expected);
        }
        assert!(clear > 15_000 && doubtful > 100, "{clear} {doubtful}");
    }

    #[test]
    fn tails_are_taken_out() {
        let mut weights = [0.5, 0.45, 0.03, 0.02];
        Kernel::without_tail(&mut weights, 0.93);
        assert!(weights[3] < 2e-4 && (weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
