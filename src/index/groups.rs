//! What hangs together, told from pairs.

/// The first of everything that hangs together, for each.
struct Roots(Vec<u32>);

impl Roots {
    fn of(&mut self, mut i: u32) -> u32 {
        while self.0[i as usize] != i {
            self.0[i as usize] = self.0[self.0[i as usize] as usize];
            i = self.0[i as usize];
        }
        i
    }

    fn join(&mut self, i: u32, j: u32) {
        let (i, j) = (self.of(i), self.of(j));
        self.0[i.max(j) as usize] = i.min(j);
    }
}

/// Groups of what hangs together, each ascending, by their first.
pub fn groups(count: usize, pairs: impl Iterator<Item = (u32, u32)>) -> Vec<Vec<u32>> {
    let mut roots = Roots((0..count as u32).collect());
    pairs.for_each(|(i, j)| roots.join(i, j));
    let mut place = vec![u32::MAX; count];
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for i in 0..count as u32 {
        let root = roots.of(i) as usize;
        if place[root] == u32::MAX {
            place[root] = groups.len() as u32;
            groups.push(Vec::new());
        }
        groups[place[root] as usize].push(i);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_and_rings_are_one_group_each() {
        let pairs = [(5, 3), (1, 2), (3, 0), (2, 1), (6, 6)];
        assert_eq!(groups(7, pairs.into_iter()), [vec![0, 3, 5], vec![1, 2], vec![4], vec![6]]);
        assert!(groups(0, std::iter::empty()).is_empty());
    }
}
