//! The tree of grids: children, and numbers in preorder, by which everything below a grid is one interval.

/// Who is below whom. Grids are known by their position.
#[derive(Debug, Clone, Default)]
pub struct Hierarchy {
    parent: Vec<Option<u32>>,
    starts: Vec<u32>,
    children: Vec<u32>,
    order: Vec<u32>,
    end: Vec<u32>,
}

impl Hierarchy {
    /// The tree from each grid's parent; `rank` orders siblings (by code). A circle of parents is cut open at its member
    /// of lowest rank, which becomes a root, so that every grid has its number.
    pub fn build(parent: Vec<Option<u32>>, rank: &[u32]) -> Self {
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
        let mut number = 0;
        for &root in by_rank.iter().filter(|i| tree.parent[**i as usize].is_none()) {
            let mut stack = vec![(root, 0)];
            while let Some((i, done)) = stack.pop() {
                if done == 0 {
                    tree.order[i as usize] = number;
                    number += 1;
                }
                match tree.children(i).get(done) {
                    Some(&child) => stack.extend([(i, done + 1), (child, 0)]),
                    None => tree.end[i as usize] = number,
                }
            }
        }
        tree
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

    /// Preorder number of `i`.
    pub fn order(&self, i: u32) -> u32 {
        self.order[i as usize]
    }

    /// Preorder numbers of `i` and all below it, half open.
    pub fn preorder(&self, i: u32) -> (u32, u32) {
        (self.order[i as usize], self.end[i as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(
            (0..7).map(|i| tree.preorder(i)).collect::<Vec<_>>(),
            [(1, 4), (6, 7), (0, 5), (2, 3), (4, 5), (5, 7), (3, 4)]
        );
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
        assert_eq!(orders, [0, 1, 2, 3, 4]);
    }
}
