//! Whether two configurations treat a sender's packets alike.
//!
//! Both judge the lowest packet of what is left, and what they asked says how far around it each
//! answer holds; what both hold is done with. So it costs two judgements for each class of the two
//! partitions laid over each other, and ends at the first difference. Rules that decide are not
//! compared: which of two rules lets a packet pass makes no difference to it.

use egret_dataplane::trace::{Direction, Hop};
use egret_dataplane::verdict::{Drop, Element};

use crate::classes::{Class, Cutter, Origin, TooMany, addresses, shared_eni};
use crate::cuts::World;
use crate::space::Region;

/// The smallest packets of a region that fare otherwise in another configuration.
#[derive(Clone, Debug)]
pub struct Difference {
    /// How they fare in the one.
    pub before: Class,
    /// And in the other.
    pub after: Class,
}

/// The first packets found that fare otherwise under `after` than under `before`: with another
/// verdict, as something else, or past other elements. `None` if there are none. The two snapshots
/// must be of one lineage, so that an index means the same thing in both.
///
/// # Errors
/// When there are more than `limit` classes for one of what chance may choose.
pub fn difference(
    before: (&World<'_>, Origin),
    after: (&World<'_>, Origin),
    region: Region,
    limit: usize,
) -> Result<Option<Difference>, TooMany> {
    let pair = Pair {
        before: Cutter::new(before.0, before.1, limit),
        after: Cutter::new(after.0, after.1, limit),
        limit,
    };
    let mut used = Vec::new();
    for eni in 0..before.1.enis.max(after.1.enis).max(1) {
        let (old, new) = pair.classes(region, eni, 0);
        let by = (shared_eni(&old), shared_eni(&new));
        if eni == 0 || !used.contains(&by) {
            used.push(by);
            if let Some(found) = pair.compare(region, eni, 0)? {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

struct Pair<'a> {
    before: Cutter<'a>,
    after: Cutter<'a>,
    limit: usize,
}

impl Pair<'_> {
    fn compare(
        &self,
        region: Region,
        eni: u16,
        address: u16,
    ) -> Result<Option<Difference>, TooMany> {
        let (mut rest, mut seen) = (vec![region], 0);
        while let Some(region) = rest.pop() {
            let (before, after) = self.classes(region, eni, address);
            if fate(&before) != fate(&after) {
                return Ok(Some(Difference { before, after }));
            }
            let both = both(&before.region, &after.region);
            rest.extend(region.without(&both));
            if address == 0 {
                let of = |cutter: &Cutter<'_>, class| addresses(cutter.world, class);
                for other in 1..of(&self.before, &before).max(of(&self.after, &after)) {
                    if let Some(found) = self.compare(both, eni, other)? {
                        return Ok(Some(found));
                    }
                }
            }
            seen += 1;
            if seen > self.limit {
                return Err(TooMany { limit: self.limit });
            }
        }
        Ok(None)
    }

    fn classes(&self, region: Region, eni: u16, address: u16) -> (Class, Class) {
        (self.before.class(region, eni, address), self.after.class(region, eni, address))
    }
}

/// What two boxes with one lowest packet have in common.
fn both(one: &Region, other: &Region) -> Region {
    let shared = "both have their lowest packet";
    Region {
        dst: one.dst.both(&other.dst).expect(shared),
        port: one.port.both(&other.port).expect(shared),
        source_port: one.source_port.both(&other.source_port).expect(shared),
        ..*one
    }
}

/// What becomes of packets, and by which elements.
fn fate(class: &Class) -> (&egret_dataplane::judgement::Judgement, Vec<Passed>) {
    let passed = |hop: &Hop| (hop.direction, hop.element, hop.drop);
    (&class.judgement, class.hops.iter().map(passed).collect())
}

type Passed = (Direction, Element, Option<Drop>);
