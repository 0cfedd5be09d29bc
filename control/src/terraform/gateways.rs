//! Ways out: internet gateways, endpoints, prefix lists, peering connections; and the interfaces of
//! hosts.

use super::class::Class;
use super::kinds::Kind;
use super::plan::{at, text};
use super::translate::{Properties, Translation, items, said, unknown, word};
use crate::source::Sourced;
use crate::template::{Data, Value};

/// Lists of an endpoint: the attribute, the property, what it names, and the resource that adds one
/// item to it, with the attribute of that.
const LISTS: [(&str, &str, &[Class], &str, &str); 3] = [
    (
        "route_table_ids",
        "RouteTableIds",
        &[Class::RouteTable],
        "aws_vpc_endpoint_route_table_association",
        "route_table_id",
    ),
    (
        "subnet_ids",
        "SubnetIds",
        &[Class::Subnet],
        "aws_vpc_endpoint_subnet_association",
        "subnet_id",
    ),
    (
        "security_group_ids",
        "SecurityGroupIds",
        &[Class::SecurityGroup],
        "aws_vpc_endpoint_security_group_association",
        "security_group_id",
    ),
];

const ENDPOINTS: &[Class] = &[Class::Endpoint];

impl Translation<'_, '_> {
    pub(super) fn add_internet_gateway(&mut self, index: usize, kind: &Kind) {
        let properties = self.properties(index, kind);
        self.push(index, kind.cloud, properties);
        let instance = &self.plan.instances[index];
        let path = if instance.is_data() { "attachments.vpc_id" } else { "vpc_id" };
        let Some(vpc) = self.one(index, path, &[Class::Vpc]) else { return };
        let mut properties = Properties::new();
        let place = vpc.place;
        properties.insert("VpcId".to_owned(), vpc);
        properties.insert("InternetGatewayId".to_owned(), self.itself(index));
        self.push_part(index, "vpc_id", place, "AWS::EC2::VPCGatewayAttachment", properties);
    }

    pub(super) fn add_endpoint(&mut self, index: usize, kind: &Kind) {
        let mut properties = self.properties(index, kind);
        for (attribute, property, classes, part, of_part) in LISTS {
            let mut all = self.inline_list(index, attribute, classes, part, of_part);
            for adding in self.parts(index, part, "vpc_endpoint_id", ENDPOINTS) {
                all.extend(self.one(adding, of_part, classes));
            }
            if !all.is_empty() {
                let place = self.plan.place(index);
                properties.insert(property.to_owned(), Value { data: Data::List(all), place });
            }
        }
        self.push(index, kind.cloud, properties);
        self.add_list_of_endpoint(index);
    }

    /// The items that an endpoint lists itself. Where the configuration lists none, they are what
    /// AWS reported, those of resources of their own among them.
    fn inline_list(
        &mut self,
        index: usize,
        attribute: &str,
        classes: &'static [Class],
        part: &str,
        of_part: &str,
    ) -> Vec<Value> {
        let list = self.many(index, attribute, classes);
        let Some(Value { data, place }) = list else { return Vec::new() };
        let Data::List(items) = data else { return vec![Value { data, place }] };
        if self.plan.is_written(index, attribute) {
            return items;
        }
        let parts = self.plan.instances.iter().filter(|instance| instance.kind() == part);
        let states = parts.flat_map(|part| part.before.iter().chain([&part.values]));
        let ids = states.filter_map(|state| text(at(state, of_part)?));
        let parts: Vec<Data> = ids.map(|id| self.plan.of_text(id, classes)).collect();
        items.into_iter().filter(|item| !parts.contains(&item.data)).collect()
    }

    /// The instances of a type that are parts of this one, which they name.
    pub(super) fn parts(
        &mut self,
        index: usize,
        part: &str,
        attribute: &str,
        classes: &'static [Class],
    ) -> Vec<usize> {
        let own = self.itself(index);
        let plan = self.plan;
        let parts = (0..plan.instances.len()).filter(|at| plan.instances[*at].kind() == part);
        let of_this = parts.filter(|at| {
            let owner = self.one(*at, attribute, classes);
            owner.is_some_and(|owner| owner.data == own.data)
        });
        of_this.collect()
    }

    /// The prefix list of a gateway endpoint, whose blocks are known once there is one.
    fn add_list_of_endpoint(&mut self, index: usize) {
        let instance = &self.plan.instances[index];
        let list = instance.at("prefix_list_id").filter(|list| text(list).is_some());
        let (Some(list), Some(blocks)) = (list, instance.at("cidr_blocks")) else { return };
        let id = text(list).unwrap_or("").to_owned();
        if items(Some(blocks)).is_empty() || self.resources.iter().any(|known| *known.id == id) {
            return;
        }
        let mut properties = Properties::new();
        properties.extend(
            self.plain(index, "service_name").map(|name| ("PrefixListName".to_owned(), name)),
        );
        properties.insert("Entries".to_owned(), entries_of(items(Some(blocks)), blocks));
        self.push_as(Sourced::new(id, list.place), "AWS::EC2::PrefixList", properties);
    }

    pub(super) fn add_prefix_list(&mut self, index: usize, kind: &Kind) {
        let instance = &self.plan.instances[index];
        let place = self.plan.place(index);
        let mut properties = self.properties(index, kind);
        if let Some(blocks) = instance.at("cidr_blocks") {
            properties.insert("Entries".to_owned(), entries_of(items(Some(blocks)), blocks));
            return self.push(index, kind.cloud, properties);
        }
        let attribute = if instance.is_data() { "entries" } else { "entry" };
        let mut blocks = Vec::new();
        if let Some(value) = instance.at(attribute).and_then(|value| self.known(index, value)) {
            match value.data {
                Data::List(entries) => {
                    blocks.extend(entries.iter().filter_map(|entry| said(entry, "cidr").cloned()));
                }
                _ => blocks.push(value),
            }
        }
        let part = "aws_ec2_managed_prefix_list_entry";
        for entry in self.parts(index, part, "prefix_list_id", &[Class::PrefixList]) {
            let block = self.plain(entry, "cidr");
            let new = block.filter(|block| !blocks.contains(block));
            blocks.extend(new);
        }
        properties.insert("Entries".to_owned(), entries_of(&blocks, &word("", place)));
        self.push(index, kind.cloud, properties);
    }

    /// A peering connection forwards once somebody accepts it: by itself, here, or elsewhere.
    pub(super) fn add_peering(&mut self, index: usize, kind: &Kind) {
        let instance = &self.plan.instances[index];
        let mut properties = self.properties(index, kind);
        let accepter = "aws_vpc_peering_connection_accepter";
        let attribute = "vpc_peering_connection_id";
        let parts = self.parts(index, accepter, attribute, &[Class::Peering]);
        let accepts = |at: &Value| matches!(at.data, Data::Bool(true));
        let automatic = instance.at("auto_accept").is_some_and(accepts);
        let accepted = automatic
            || instance.text("accept_status").or(instance.text("status")) == Some("active")
            || parts
                .iter()
                .any(|part| self.plan.instances[*part].at("auto_accept").is_some_and(accepts));
        if !accepted {
            let name = format!("whether `{}` is accepted", *instance.id);
            properties.insert("PeerVpcId".to_owned(), unknown(name, instance.id.place));
        }
        self.push(index, kind.cloud, properties);
    }

    pub(super) fn add_interface(&mut self, index: usize, kind: &Kind) {
        let instance = &self.plan.instances[index];
        let place = self.plan.place(index);
        let mut properties = self.properties(index, kind);
        let further = items(instance.at("private_ips")).iter().map(|address| {
            let mut entry = Properties::new();
            entry.extend(
                self.known(index, address).map(|known| ("PrivateIpAddress".to_owned(), known)),
            );
            Value { data: Data::Map(entry), place: address.place }
        });
        let further = Value { data: Data::List(further.collect()), place };
        properties.insert("PrivateIpAddresses".to_owned(), further);
        let part = "aws_network_interface_sg_attachment";
        let parts = self.parts(index, part, "network_interface_id", &[Class::Interface]);
        for part in parts {
            let group = self.one(part, "security_group_id", &[Class::SecurityGroup]);
            let nothing = || Value { data: Data::List(Vec::new()), place };
            let groups = properties.entry("GroupSet".to_owned()).or_insert_with(nothing);
            if let (Data::List(groups), Some(group)) = (&mut groups.data, group)
                && !groups.contains(&group)
            {
                groups.push(group);
            }
        }
        self.push(index, kind.cloud, properties);
    }

    /// An instance may be given its interfaces, and a public address.
    pub(super) fn add_instance(&mut self, index: usize, kind: &Kind) {
        let instance = &self.plan.instances[index];
        let mut properties = self.properties(index, kind);
        let public = matches!(
            instance.at("associate_public_ip_address").map(|asked| &asked.data),
            Some(Data::Bool(true))
        );
        if public && !properties.contains_key("PublicIp") {
            let name = format!("the public address of `{}`", *instance.id);
            properties.insert("PublicIp".to_owned(), unknown(name, instance.id.place));
        }
        if let Some(given) =
            instance.at("network_interface").filter(|given| !items(Some(given)).is_empty())
        {
            let interfaces = items(Some(given)).iter().map(|interface| {
                let mut entry = Properties::new();
                let device = at(interface, "device_index").and_then(|at| self.known(index, at));
                entry.extend(device.map(|device| ("DeviceIndex".to_owned(), device)));
                let id = at(interface, "network_interface_id");
                let id = id.and_then(|id| self.one_of(index, id, &[Class::Interface]));
                entry.extend(id.map(|id| ("NetworkInterfaceId".to_owned(), id)));
                Value { data: Data::Map(entry), place: interface.place }
            });
            let interfaces = Value { data: Data::List(interfaces.collect()), place: given.place };
            properties.insert("NetworkInterfaces".to_owned(), interfaces);
        }
        self.push(index, kind.cloud, properties);
    }

    /// A VPC that is read has all of its blocks in one list.
    pub(super) fn add_read_vpc(&mut self, index: usize, kind: &Kind) {
        let instance = &self.plan.instances[index];
        let properties = self.properties(index, kind);
        self.push(index, kind.cloud, properties);
        for association in items(instance.at("cidr_block_associations")) {
            let Some(block) = said(association, "cidr_block") else { continue };
            if text(block) != instance.text("cidr_block") {
                let mut properties = Properties::new();
                properties.insert("VpcId".to_owned(), self.itself(index));
                properties.insert("CidrBlock".to_owned(), block.clone());
                let part = "cidr_block_associations";
                self.push_part(index, part, block.place, "AWS::EC2::VPCCidrBlock", properties);
            }
        }
    }
}

/// The entries of a prefix list, as CloudFormation has them.
fn entries_of(blocks: &[Value], at: &Value) -> Value {
    let entry = |block: &Value| match block.data {
        Data::Unknown(_) => block.clone(),
        _ => {
            let entry = [("Cidr".to_owned(), block.clone())].into_iter().collect();
            Value { data: Data::Map(entry), place: block.place }
        }
    };
    Value { data: Data::List(blocks.iter().map(entry).collect()), place: at.place }
}
