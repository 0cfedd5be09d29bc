//! The Availability Zones of a Region: names and ids.
//!
//! Which letter is which zone differs from account to account in AWS; here `a` is the first.

/// An Availability Zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Such as `us-east-1a`.
    pub name: String,
    /// Such as `use1-az1`.
    pub id: String,
}

/// Zones of Regions that have not three of them.
const COUNTS: [(&str, u8); 4] =
    [("us-east-1", 6), ("us-west-2", 4), ("ap-northeast-1", 4), ("ap-northeast-2", 4)];

/// The Regions that App Runner is or was in, with the endpoint's usual Regions of EC2.
pub const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The zones of a Region, in order.
pub fn zones(region: &str) -> Vec<Zone> {
    let count = COUNTS.iter().find(|(name, _)| *name == region).map_or(3, |(_, count)| *count);
    let zone = |number: u8| Zone {
        name: format!("{region}{}", char::from(b'a' + number)),
        id: format!("{}-az{}", short(region), number + 1),
    };
    (0..count).map(zone).collect()
}

/// The name of the zone with that id; the id itself where it is of no known form.
pub fn name_of(region: &str, id: &str) -> String {
    let zone = zones(region).into_iter().find(|zone| zone.id == id);
    zone.map_or_else(|| id.to_owned(), |zone| zone.name)
}

/// `use1` of `us-east-1`, as zone ids begin.
fn short(region: &str) -> String {
    let mut parts = region.split('-');
    let area = parts.next().unwrap_or_default();
    let side = match parts.next().unwrap_or_default() {
        "northeast" => "ne",
        "northwest" => "nw",
        "southeast" => "se",
        "southwest" => "sw",
        other => &other[..other.len().min(1)],
    };
    format!("{area}{side}{}", parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_called_as_in_aws() {
        let last = zones("us-east-1").pop().unwrap();
        assert_eq!((last.name.as_str(), last.id.as_str()), ("us-east-1f", "use1-az6"));
        assert_eq!(zones("ap-southeast-2")[0].id, "apse2-az1");
        assert_eq!(name_of("eu-west-1", "euw1-az3"), "eu-west-1c");
    }
}
