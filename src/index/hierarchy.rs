//! The tree of grids: children, and numbers in preorder, by which everything below a grid is one interval. Numbers have
//! gaps: a grid that comes or goes leaves those of all others as they are, and what is known by them with them.

/// Free numbers that a tree leaves behind each of its grids, for those that come later.
const FREE: u32 = 15;

/// Who is below whom. Grids are known by their position. Their numbers ascend in preorder and have gaps, so that a grid
/// that comes finds one between those that are there.
#[derive(Debug, Clone, Default)]
pub struct Hierarchy {
    parent: Vec<Option<u32>>,
    starts: Vec<u32>,
    children: Vec<u32>,
    order: Vec<u32>,
    end: Vec<u32>,
    limit: u32,
    is_renumbered: bool,
}

/// What a grid was in the tree before: its number, and what held it, by position now.
pub type Known = Option<(u32, Option<u32>)>;

impl Hierarchy {
    /// The tree from each grid's parent; `rank` orders siblings (by code). A circle of parents is cut open at its member
    /// of lowest rank, which becomes a root, so that every grid has its number.
    pub fn build(parent: Vec<Option<u32>>, rank: &[u32]) -> Self {
        let known = vec![None; parent.len()];
        Hierarchy { is_renumbered: true, ..Self::edited(parent, rank, &known, 0) }
    }

    /// The same after an edit: who hangs where it hung keeps the number that is `known`, all numbers below `limit`
    /// staying what they were, unless there is no room for those that came.
    pub fn edited(parent: Vec<Option<u32>>, rank: &[u32], known: &[Known], limit: u32) -> Self {
        let n = parent.len();
        let mut tree = Hierarchy { parent, order: vec![u32::MAX; n], end: vec![u32::MAX; n], ..Hierarchy::default() };
        let mut by_rank: Vec<u32> = (0..n as u32).collect();
        by_rank.sort_unstable_by_key(|i| rank[*i as usize]);
        tree.cut_circles(&by_rank, rank);
        tree.starts = vec![0; n + 1];
        for parent in tree.parent.iter().flatten() {
            tree.starts[*parent as usize + 1] += 1;
        }
        for i in 0..n {
            tree.starts[i + 1] += tree.starts[i];
        }
        let mut next = tree.starts.clone();
        tree.children = vec![0; *tree.starts.last().unwrap_or(&0) as usize];
        for &i in &by_rank {
            if let Some(parent) = tree.parent[i as usize] {
                tree.children[next[parent as usize] as usize] = i;
                next[parent as usize] += 1;
            }
        }
        // In preorder: the grids, and how many come before the end of each.
        let (mut walk, mut ends) = (Vec::with_capacity(n), vec![0; n]);
        for &root in by_rank.iter().filter(|i| tree.parent[**i as usize].is_none()) {
            let mut stack = vec![(root, 0)];
            while let Some((i, done)) = stack.pop() {
                if done == 0 {
                    walk.push(i);
                }
                match tree.children(i).get(done) {
                    Some(&child) => stack.extend([(i, done + 1), (child, 0)]),
                    None => ends[i as usize] = walk.len(),
                }
            }
        }
        // Kept, as long as what holds it is kept too.
        let mut kept: Vec<Option<u32>> = vec![None; n];
        for &i in &walk {
            let parent = tree.parent[i as usize];
            let hangs =
                |known: &(u32, Option<u32>)| known.1 == parent && parent.is_none_or(|p| kept[p as usize].is_some());
            kept[i as usize] = known[i as usize].filter(hangs).map(|(number, _)| number);
        }
        let numbers = numbered(walk.iter().map(|i| kept[*i as usize]), limit);
        tree.is_renumbered = numbers.is_none();
        let (numbers, limit) = numbers.unwrap_or_else(|| {
            let limit = n as u32 * (FREE + 1);
            ((0..limit).step_by(FREE as usize + 1).collect(), limit)
        });
        for (&i, number) in walk.iter().zip(&numbers) {
            tree.order[i as usize] = *number;
            tree.end[i as usize] = numbers.get(ends[i as usize]).copied().unwrap_or(limit);
        }
        tree.limit = limit;
        tree
    }

    /// The end of all numbers.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Whether the grids have other numbers than before, also those that hang where they hung.
    pub fn is_renumbered(&self) -> bool {
        self.is_renumbered
    }

    fn cut_circles(&mut self, by_rank: &[u32], rank: &[u32]) {
        // 0: not seen; k: seen on the walk that began at the k-th grid.
        let mut seen = vec![0usize; self.parent.len()];
        for (walk, &start) in by_rank.iter().enumerate() {
            let mut at = start;
            while seen[at as usize] == 0 {
                seen[at as usize] = walk + 1;
                match self.parent[at as usize] {
                    Some(parent) if seen[parent as usize] == walk + 1 => {
                        let (mut lowest, mut member) = (at, parent);
                        while member != at {
                            if rank[member as usize] < rank[lowest as usize] {
                                lowest = member;
                            }
                            member = self.parent[member as usize].unwrap_or(at);
                        }
                        self.parent[lowest as usize] = None;
                        break;
                    }
                    Some(parent) => at = parent,
                    None => break,
                }
            }
        }
    }

    /// The grid that holds `i`.
    pub fn parent(&self, i: u32) -> Option<u32> {
        self.parent[i as usize]
    }

    /// The grids directly below `i`, by code.
    pub fn children(&self, i: u32) -> &[u32] {
        &self.children[self.starts[i as usize] as usize..self.starts[i as usize + 1] as usize]
    }

    /// Number of `i` in preorder.
    pub fn order(&self, i: u32) -> u32 {
        self.order[i as usize]
    }

    /// The interval of the numbers of `i` and all below it, half open.
    pub fn preorder(&self, i: u32) -> (u32, u32) {
        (self.order[i as usize], self.end[i as usize])
    }
}

/// Numbers in ascending order, of which some are given, and their end, `limit` or more; none where they don't ascend or
/// where there is no room.
fn numbered(given: impl Iterator<Item = Option<u32>>, limit: u32) -> Option<(Vec<u32>, u32)> {
    let mut numbers: Vec<u32> = Vec::new();
    let (mut free, mut waiting) = (0, 0);
    for given in given {
        let Some(number) = given else {
            waiting += 1;
            continue;
        };
        let room = number.checked_sub(free).filter(|room| *room >= waiting)?;
        let at = |k: u32| u64::from(room) * u64::from(k + 1) / u64::from(waiting + 1);
        numbers.extend((0..waiting).map(|k| free + at(k) as u32));
        numbers.push(number);
        (free, waiting) = (number + 1, 0);
    }
    numbers.extend((0..waiting).map(|k| free + k * (FREE + 1)));
    let limit = limit.max(free + waiting * (FREE + 1));
    numbers.is_sorted_by(|a, b| a < b).then_some((numbers, limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn everything_below_is_one_interval() {
        //      2          5
        //    /   \        |
        //   0     4       1
        //  / \
        // 3   6
        let parent = vec![Some(2), Some(5), None, Some(0), Some(2), None, Some(0)];
        let rank = [0, 1, 2, 3, 4, 5, 6];
        let tree = Hierarchy::build(parent, &rank);
        let apart = |(from, to): (u32, u32)| (from * 16, to * 16);
        assert_eq!(
            (0..7).map(|i| tree.preorder(i)).collect::<Vec<_>>(),
            [(1, 4), (6, 7), (0, 5), (2, 3), (4, 5), (5, 7), (3, 4)].map(apart)
        );
        assert_eq!(tree.limit(), 7 * 16);
        assert_eq!(tree.children(2), [0, 4]);
        assert_eq!(tree.children(0), [3, 6]);
    }

    #[test]
    fn circles_are_cut_at_their_lowest_member() {
        let tree = Hierarchy::build(vec![Some(1), Some(2), Some(0), Some(1), Some(4)], &[4, 3, 2, 1, 0]);
        assert_eq!(tree.parent(2), None);
        assert_eq!(tree.parent(4), None);
        let mut orders: Vec<u32> = (0..5).map(|i| tree.order(i)).collect();
        orders.sort_unstable();
        assert_eq!(orders, [0, 16, 32, 48, 64]);
    }

    #[test]
    fn room_is_found_between_numbers_and_at_the_end() {
        let of = |given: &[Option<u32>], limit| numbered(given.iter().copied(), limit);
        assert_eq!(of(&[Some(0), None, Some(16)], 32), Some((vec![0, 8, 16], 32)));
        assert_eq!(of(&[None, Some(1), Some(2)], 3), Some((vec![0, 1, 2], 3)));
        assert_eq!(of(&[Some(1), None, Some(2)], 3), None);
        assert_eq!(of(&[Some(2), Some(1)], 3), None);
        assert_eq!(of(&[Some(0), None, None, None, Some(4)], 5), Some((vec![0, 1, 2, 3, 4], 5)));
        assert_eq!(of(&[Some(0), None], 16), Some((vec![0, 1], 17)));
        assert_eq!(of(&[], 16), Some((vec![], 16)));
    }

    proptest! {
        /// Grids come, go and hang elsewhere: whoever has the same above keeps the number, and everything below a grid is
        /// one interval of numbers.
        #[test]
        fn numbers_stay_through_edits(
            edits in prop::collection::vec(prop::collection::vec((0u32..60, prop::option::of(0u32..60)), 1..6), 1..40),
        ) {
            let mut above: std::collections::BTreeMap<u32, Option<u32>> = (0..40).map(|k| (k, (k > 0).then_some(k / 3))).collect();
            let mut before: Option<(Vec<u32>, Hierarchy)> = None;
            for edit in edits {
                for (name, parent) in edit {
                    match parent {
                        Some(parent) if parent == name => drop(above.remove(&name)),
                        parent => drop(above.insert(name, parent)),
                    }
                }
                let names: Vec<u32> = above.keys().rev().copied().collect();
                let at = |name: u32| names.iter().position(|other| *other == name).map(|p| p as u32);
                let parents: Vec<Option<u32>> = names.iter().map(|name| above[name].and_then(at)).collect();
                let rank: Vec<u32> = (0..names.len() as u32).rev().collect();
                let known: Vec<Known> = names.iter().map(|name| {
                    let (names, tree) = before.as_ref()?;
                    let then = names.iter().position(|other| other == name)? as u32;
                    let parent = match tree.parent(then) {
                        Some(p) => Some(at(names[p as usize])?),
                        None => None,
                    };
                    Some((tree.order(then), parent))
                }).collect();
                let limit = before.as_ref().map_or(0, |(_, tree)| tree.limit());
                let tree = Hierarchy::edited(parents, &rank, &known, limit);
                let holds = |above: u32, i: u32| std::iter::successors(Some(i), |j| tree.parent(*j)).any(|j| j == above);
                for a in 0..names.len() as u32 {
                    let (from, to) = tree.preorder(a);
                    prop_assert!(to <= tree.limit());
                    for i in 0..names.len() as u32 {
                        prop_assert_eq!((from..to).contains(&tree.order(i)), holds(a, i));
                    }
                }
                if let Some((old_names, old)) = &before && !tree.is_renumbered() {
                    let chain = |names: &[u32], tree: &Hierarchy, i: u32| -> Vec<u32> {
                        std::iter::successors(Some(i), |j| tree.parent(*j)).map(|j| names[j as usize]).collect()
                    };
                    for (i, name) in (0..).zip(&names) {
                        let Some(then) = old_names.iter().position(|other| other == name) else { continue };
                        if chain(&names, &tree, i) == chain(old_names, old, then as u32) {
                            prop_assert_eq!(tree.order(i), old.order(then as u32));
                        }
                    }
                }
                before = Some((names, tree));
            }
        }
    }
}
