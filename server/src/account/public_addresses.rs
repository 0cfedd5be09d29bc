//! Public addresses that an account is given.
//!
//! They come from 198.18.0.0/15 (RFC 2544), which is nobody's in the internet, so that no simulated
//! gateway has the address of a host that there is.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::Account;

fn pool() -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(198, 18, 0, 0), 15)
}

impl Account {
    /// The lowest address of the pool that nobody has.
    pub fn free_public_address(&self) -> Option<Ipv4Addr> {
        let taken: HashSet<Ipv4Addr> = self.addresses.values().map(|row| row.public).collect();
        pool().hosts().find(|address| !taken.contains(address) && !self.is_foreign(*address))
    }

    /// Whether an address is one that can be had, and nobody has.
    pub fn is_free_public_address(&self, address: Ipv4Addr) -> bool {
        let public = !(address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_multicast()
            || address.is_unspecified()
            || address.octets()[0] >= 240
            || shared().contains(&address));
        public
            && !self.is_foreign(address)
            && !self.addresses.values().any(|row| row.public == address)
    }

    fn is_foreign(&self, address: Ipv4Addr) -> bool {
        address == self.rules.settings.dataplane.provider_address
            || self.rules.foreign.contains(&address)
            || self.is_of_aws(address)
    }

    /// Whether it is one of those that stand for AWS's services.
    fn is_of_aws(&self, address: Ipv4Addr) -> bool {
        let mut lists = self.prefix_lists.values().filter(|list| list.aws);
        lists.any(|list| list.entries().iter().any(|entry| entry.cidr.contains(&address)))
    }
}

/// What providers share among their customers (RFC 6598).
fn shared() -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::account::gateways::Address;
    use crate::account::rules::Rules;

    #[test]
    fn nobody_is_given_what_somebody_has() {
        let mut account = Account::default();
        let mut rules = Rules::default();
        rules.foreign.insert(Ipv4Addr::new(198, 18, 0, 2));
        account.rules = Arc::new(rules);
        let given: Vec<Ipv4Addr> = (0..3)
            .map(|number| {
                let public = account.free_public_address().unwrap();
                let (id, association) = (format!("eipalloc-{number}"), None);
                account
                    .addresses
                    .insert(id.as_str(), Address { id: id.clone(), public, association });
                public
            })
            .collect();
        assert_eq!(given.iter().map(|a| a.octets()[3]).collect::<Vec<_>>(), [1, 3, 4]);
        for (text, free) in [
            ("198.51.100.10", true),
            ("198.18.0.1", false),
            ("198.18.0.2", false),
            ("10.0.0.1", false),
            ("100.64.0.1", false),
            ("255.255.255.255", false),
            ("0.0.0.0", false),
        ] {
            assert_eq!(account.is_free_public_address(text.parse().unwrap()), free, "{text}");
        }
    }
}
