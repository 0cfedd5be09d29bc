//! Whether two configurations treat a sender's packets alike.
//!
//! Both judge the lowest packet of what is left, and what they asked says how far around it each
//! answer holds; what both hold is done with. So it costs two judgements for each class of the two
//! partitions laid over each other, and ends at the first difference. Rules that decide are not
//! compared: which of two rules lets a packet pass makes no difference to it.

use egret_dataplane::trace::{Direction, Hop};
use egret_dataplane::verdict::{Drop, Element};

use crate::classes::{Class, TooMany, addresses, lowest, shared_eni};
use crate::space::Region;
use crate::survey::Sending;

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
    before: Sending<'_>,
    after: Sending<'_>,
    region: Region,
    limit: usize,
) -> Result<Option<Difference>, TooMany> {
    let pair = Pair { before, after, limit };
    let mut used = Vec::new();
    for eni in 0..before.origin.enis.max(after.origin.enis).max(1) {
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
    before: Sending<'a>,
    after: Sending<'a>,
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
            let both = before.region.lower(&after.region);
            rest.extend(region.without(&both));
            if address == 0 {
                let of = |sending: &Sending<'_>, class| addresses(sending.world, class);
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
        let class = |of: &Sending<'_>| lowest(of.world, of.origin, region, eni, address);
        (class(&self.before), class(&self.after))
    }
}

/// What becomes of packets, and by which elements.
fn fate(class: &Class) -> (&egret_dataplane::judgement::Judgement, Vec<Passed>) {
    let passed = |hop: &Hop| (hop.direction, hop.element, hop.drop);
    (&class.judgement, class.hops.iter().map(passed).collect())
}

type Passed = (Direction, Element, Option<Drop>);
