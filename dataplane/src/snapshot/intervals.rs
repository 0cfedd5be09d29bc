//! A function of a number that is constant over stretches of numbers: of an address, of a port.
//!
//! [`Intervals`] knows the last number of each stretch, as a tree of nodes that fill one cache line
//! each. A lookup reads one node a level, without a branch: one node for up to 16 stretches, five
//! for a million; about 3 ns a node. It is built once and never changed; building sorts, and so
//! costs O(n log n).

use super::Cidr;

/// Numbers in a node: 64 bytes.
const WIDTH: usize = 16;

/// A total function of `u32`, made of stretches.
#[derive(Clone, Debug)]
pub(crate) struct Intervals<V> {
    /// The nodes of all levels, the root first.
    nodes: Vec<Node>,
    /// Where each level's nodes begin, the root's first.
    levels: Vec<usize>,
    /// What the function is on each stretch.
    values: Vec<V>,
}

/// On the lowest level, the last numbers of stretches, ascending; above, those of the nodes below.
/// What is left over is filled up with the highest number.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Node([u32; WIDTH]);

impl Node {
    /// How many of the node's stretches end before `key`: 15 at most, for the last one does not.
    /// First the quarter, then the place in it: two steps of three comparisons each that do not wait
    /// for one another. Four steps of one take 1.7 times as long, and all sixteen comparisons at
    /// once twice as long, for want of an instruction that counts bits in plain x86-64.
    #[inline]
    fn before(&self, key: u32) -> usize {
        let below = |at: usize| usize::from(self.0[at] < key);
        let quarter = 4 * (below(3) + below(7) + below(11));
        quarter + below(quarter) + below(quarter + 1) + below(quarter + 2)
    }
}

impl<V: Copy> Intervals<V> {
    /// What the function is at `key`.
    #[inline]
    pub(crate) fn get(&self, key: u32) -> V {
        let mut at = 0;
        for &level in &self.levels {
            at = at * WIDTH + self.nodes[level + at].before(key);
        }
        self.values[at]
    }
}

impl<V: Copy> Intervals<V> {
    /// The function that makes something else of each value.
    pub(crate) fn map<W>(self, to: impl FnMut(V) -> W) -> Intervals<W> {
        let values = self.values.into_iter().map(to).collect();
        Intervals { nodes: self.nodes, levels: self.levels, values }
    }
}

impl<V: Copy + PartialEq> Intervals<V> {
    /// The function that has each value up to and with the number beside it, from where the one
    /// before it ended. Numbers ascend; the last is the highest there is.
    pub(crate) fn new(steps: impl IntoIterator<Item = (u32, V)>) -> Self {
        let (mut lasts, mut values) = (Vec::<u32>::new(), Vec::new());
        for (last, value) in steps {
            if values.last() == Some(&value) {
                lasts.pop();
                values.pop();
            }
            lasts.push(last);
            values.push(value);
        }
        debug_assert!(lasts.is_sorted_by(|a, b| a < b) && lasts.last() == Some(&u32::MAX));
        let (nodes, levels) = tree(lasts);
        Intervals { nodes, levels, values }
    }
}

impl<V: Copy + Ord> Intervals<Option<V>> {
    /// What the smallest block that has a number says of it. Of several values for one block the
    /// lowest counts.
    pub(crate) fn innermost(mut blocks: Vec<(Cidr, V)>) -> Self {
        blocks.sort_unstable();
        blocks.dedup_by_key(|(cidr, _)| *cidr);
        let mut steps = Steps::default();
        // The blocks that have the number, the smallest on top: two blocks are nested or apart.
        let mut open: Vec<(Cidr, V)> = Vec::new();
        for (cidr, value) in blocks {
            let first = cidr.network().to_bits();
            steps.close(&mut open, first);
            if let Some(before) = first.checked_sub(1) {
                steps.go_on(before, open.last().map(|(_, value)| *value));
            }
            open.push((cidr, value));
        }
        while let Some((cidr, value)) = open.pop() {
            steps.go_on(cidr.last().to_bits(), Some(value));
        }
        steps.go_on(u32::MAX, None);
        Intervals::new(steps.0)
    }
}

/// Steps as [`Intervals::new`] takes them.
struct Steps<V>(Vec<(u32, Option<V>)>);

impl<V> Default for Steps<V> {
    fn default() -> Self {
        Steps(Vec::new())
    }
}

impl<V: Copy> Steps<V> {
    /// The function has this value up to and with `last`, if it did not get there before.
    fn go_on(&mut self, last: u32, value: Option<V>) {
        if self.0.last().is_none_or(|(reached, _)| *reached < last) {
            self.0.push((last, value));
        }
    }

    /// The blocks that end before `first` come to their ends.
    fn close(&mut self, open: &mut Vec<(Cidr, V)>, first: u32) {
        while let Some((cidr, value)) = open.pop_if(|(cidr, _)| cidr.last().to_bits() < first) {
            self.go_on(cidr.last().to_bits(), Some(value));
        }
    }
}

/// The levels over these last numbers, up to a single node.
fn tree(lasts: Vec<u32>) -> (Vec<Node>, Vec<usize>) {
    let mut layers = vec![layer(&lasts)];
    while let Some(below) = layers.last().filter(|below| below.len() > 1) {
        let lasts: Vec<u32> = below.iter().map(|node| node.0[WIDTH - 1]).collect();
        layers.push(layer(&lasts));
    }
    layers.reverse();
    let levels = layers.iter().scan(0, |at, layer| Some(std::mem::replace(at, *at + layer.len())));
    (layers.concat(), levels.collect())
}

fn layer(lasts: &[u32]) -> Vec<Node> {
    let node = |lasts: &[u32]| {
        let mut node = Node([u32::MAX; WIDTH]);
        node.0[..lasts.len()].copy_from_slice(lasts);
        node
    };
    lasts.chunks(WIDTH).map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    /// Blocks that nest, overlap and repeat: few networks, all lengths.
    fn blocks() -> impl Strategy<Value = Vec<(Cidr, u32)>> {
        let network = prop_oneof![Just(0), Just(u32::MAX), 0..64u32, any::<u32>()];
        let block = (network, 0..=32u8, 0..4u32);
        let block =
            block.prop_map(|(at, len, value)| (Cidr::new(Ipv4Addr::from_bits(at), len), value));
        prop::collection::vec(block, 0..80)
    }

    fn slow(blocks: &[(Cidr, u32)], address: Ipv4Addr) -> Option<u32> {
        let having = blocks.iter().filter(|(cidr, _)| cidr.contains(address));
        having.min_by_key(|(cidr, value)| (32 - cidr.prefix_len(), *value)).map(|(_, value)| *value)
    }

    proptest! {
        #[test]
        fn the_smallest_block_decides_on_both_sides_of_every_edge(blocks in blocks()) {
            let intervals = Intervals::innermost(blocks.clone());
            let edges = blocks.iter().flat_map(|(cidr, _)| [cidr.network(), cidr.last()]);
            for edge in edges.map(|edge| edge.to_bits()).chain([0, u32::MAX]) {
                for at in [edge.wrapping_sub(1), edge, edge.wrapping_add(1)] {
                    prop_assert_eq!(intervals.get(at), slow(&blocks, Ipv4Addr::from_bits(at)));
                }
            }
        }

        #[test]
        fn every_stretch_is_found_in_trees_of_any_height(
            mut lasts in prop::collection::btree_set(any::<u32>(), 0..700),
        ) {
            lasts.insert(u32::MAX);
            let steps = lasts.iter().copied().zip(0..);
            let intervals = Intervals::new(steps.clone());
            for (last, value) in steps {
                prop_assert_eq!(intervals.get(last), value);
                prop_assert_eq!(intervals.get(last.wrapping_add(1)), (value + 1) % lasts.len());
            }
        }
    }

    #[test]
    fn neighbours_with_one_value_are_one_stretch() {
        let intervals = Intervals::new([(3, 'a'), (9, 'a'), (u32::MAX, 'b')]);
        assert_eq!(intervals.values, ['a', 'b']);
        assert_eq!([3, 4, 9, 10].map(|key| intervals.get(key)), ['a', 'a', 'a', 'b']);
    }
}
