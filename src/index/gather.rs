//! Long lists made on all threads without being held twice.

use rayon::prelude::*;

const BLOCK: usize = 1 << 16;

/// What a function makes of the numbers below `rows`, in their order, block by block: a million entries that are collected
/// at once lie in memory twice, and what was freed stays with the process.
pub fn gather<T: Send>(rows: usize, of: impl Fn(usize) -> Option<T> + Sync) -> Vec<T> {
    let mut all = Vec::with_capacity(rows);
    for first in (0..rows).step_by(BLOCK) {
        let block = (first..rows.min(first + BLOCK)).into_par_iter();
        all.extend(block.filter_map(&of).collect::<Vec<T>>());
    }
    all.shrink_to_fit();
    all
}

/// The same one by one, of which no more than a block is held.
pub fn gathered<T: Send>(rows: usize, of: impl Fn(usize) -> T + Sync) -> impl Iterator<Item = T> {
    (0..rows)
        .step_by(BLOCK)
        .flat_map(move |first| (first..rows.min(first + BLOCK)).into_par_iter().map(&of).collect::<Vec<T>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gathers_what_one_thread_finds() {
        for rows in [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 7] {
            let of = |n: usize| (!n.is_multiple_of(3)).then_some(n * 7);
            assert!(gather(rows, of).into_iter().eq((0..rows).filter_map(of)), "{rows}");
            assert!(gathered(rows, of).eq((0..rows).map(of)), "{rows}");
        }
    }
}
