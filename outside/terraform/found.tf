# What is there already: what an account begins with, and everything above, looked up.

resource "aws_default_vpc" "this" {}

# It is deleted in the end, as no other resource of this kind is by default.
resource "aws_default_subnet" "a" {
  force_destroy = true

  availability_zone       = local.zones.a
  map_public_ip_on_launch = !var.changed

  private_dns_hostname_type_on_launch         = var.changed ? "resource-name" : "ip-name"
  enable_resource_name_dns_a_record_on_launch = var.changed
}

data "aws_vpc" "default" {
  default = true

  depends_on = [aws_default_vpc.this]
}

data "aws_vpcs" "all" {
  tags = { project = "egret" }

  depends_on = [aws_vpc.shared]
}

data "aws_subnet" "private" {
  id = aws_subnet.private["a"].id
}

data "aws_internet_gateway" "main" {
  filter {
    name   = "attachment.vpc-id"
    values = [aws_internet_gateway.main.vpc_id]
  }
}

data "aws_nat_gateway" "main" {
  subnet_id = aws_nat_gateway.main["a"].subnet_id
  state     = "available"
}

data "aws_nat_gateways" "main" {
  vpc_id = aws_vpc.main.id

  depends_on = [aws_nat_gateway.main]
}

data "aws_eip" "bastion" {
  id = aws_eip.bastion.id
}

data "aws_eips" "all" {
  tags = { project = "egret" }

  depends_on = [aws_eip.bastion]
}

data "aws_route_tables" "main" {
  vpc_id = aws_vpc.main.id

  depends_on = [aws_route_table.private]
}

data "aws_route" "out" {
  route_table_id         = aws_route.out["a"].route_table_id
  destination_cidr_block = "0.0.0.0/0"
}

data "aws_security_group" "web" {
  vpc_id = aws_security_group.web.vpc_id
  name   = "web"
}

data "aws_security_groups" "main" {
  filter {
    name   = "vpc-id"
    values = [aws_security_group.web.vpc_id]
  }
}

data "aws_vpc_security_group_rules" "db" {
  filter {
    name   = "group-id"
    values = [aws_vpc_security_group_egress_rule.db.security_group_id]
  }
}

data "aws_vpc_security_group_rule" "db" {
  security_group_rule_id = aws_vpc_security_group_egress_rule.db.id
}

data "aws_network_acls" "main" {
  vpc_id = aws_network_acl.public.vpc_id
}

data "aws_network_interface" "appliance" {
  id = aws_network_interface.appliance.id
}

data "aws_network_interfaces" "main" {
  filter {
    name   = "vpc-id"
    values = [aws_vpc.main.id]
  }

  depends_on = [aws_network_interface.appliance]
}

data "aws_prefix_list" "s3" {
  name = aws_vpc_endpoint.s3.service_name
}

data "aws_ec2_managed_prefix_list" "partners" {
  id = aws_ec2_managed_prefix_list.partners.id
}

data "aws_ec2_managed_prefix_lists" "all" {}

data "aws_vpc_endpoint" "secrets" {
  id = aws_vpc_endpoint.secrets.id
}

data "aws_vpc_endpoint_service" "secrets" {
  service      = "secretsmanager"
  service_type = "Interface"
}

data "aws_vpc_peering_connection" "shared" {
  id = aws_vpc_peering_connection.shared.id
}

data "aws_vpc_peering_connections" "all" {
  filter {
    name   = "requester-vpc-info.vpc-id"
    values = [aws_vpc_peering_connection.shared.vpc_id]
  }
}

data "aws_ec2_transit_gateway" "hub" {
  id = aws_ec2_transit_gateway.hub.id
}

data "aws_ec2_transit_gateway_vpc_attachment" "main" {
  id = aws_ec2_transit_gateway_vpc_attachment.main.id
}

data "aws_ec2_transit_gateway_vpc_attachments" "hub" {
  filter {
    name   = "transit-gateway-id"
    values = [aws_ec2_transit_gateway_vpc_attachment.shared.transit_gateway_id]
  }
}

data "aws_ec2_transit_gateway_attachments" "hub" {
  filter {
    name   = "transit-gateway-id"
    values = [aws_ec2_transit_gateway_vpc_attachment.shared.transit_gateway_id]
  }
}

data "aws_ec2_transit_gateway_route_table" "hub" {
  id = aws_ec2_transit_gateway_route_table.hub.id
}

data "aws_ec2_transit_gateway_route_tables" "all" {
  depends_on = [aws_ec2_transit_gateway_route_table.hub]
}

data "aws_ec2_transit_gateway_route_table_associations" "hub" {
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table_association.hub["main"].transit_gateway_route_table_id
}

data "aws_ec2_transit_gateway_route_table_propagations" "hub" {
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table_propagation.shared.transit_gateway_route_table_id
}

data "aws_ec2_transit_gateway_route_table_routes" "hub" {
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route.main.transit_gateway_route_table_id

  filter {
    name   = "type"
    values = ["static"]
  }
}

data "aws_availability_zone" "a" {
  name = local.zones.a
}

data "aws_regions" "all" {}

resource "aws_ec2_tag" "acl" {
  resource_id = aws_vpc.main.default_network_acl_id
  key         = "by"
  value       = var.changed ? "another" : "somebody"
}
