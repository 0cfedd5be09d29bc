# What is beside the VPC: endpoints, a peer, a transit gateway, interfaces.

resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.main.id
  service_name    = "com.amazonaws.${data.aws_region.this.name}.s3"
  route_table_ids = [for table in aws_route_table.private : table.id]

  tags = { Name = "s3" }
}

resource "aws_vpc_endpoint" "dynamodb" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.${data.aws_region.this.name}.dynamodb"
  vpc_endpoint_type = "Gateway"
}

resource "aws_vpc_endpoint_route_table_association" "dynamodb" {
  vpc_endpoint_id = aws_vpc_endpoint.dynamodb.id
  route_table_id  = aws_route_table.private[var.changed ? "b" : "a"].id
}

resource "aws_vpc_endpoint" "secrets" {
  vpc_id              = aws_vpc.main.id
  service_name        = "com.amazonaws.${data.aws_region.this.name}.secretsmanager"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = !var.changed
  security_group_ids  = var.changed ? [aws_security_group.endpoints.id, aws_security_group.web.id] : [aws_security_group.endpoints.id]
  subnet_ids          = [for key in var.changed ? ["a", "b", "d"] : ["a", "b"] : aws_subnet.private[key].id]

  tags = { Name = "secrets" }
}

resource "aws_vpc" "shared" {
  cidr_block = "172.29.0.0/16"

  tags = { Name = "shared" }
}

resource "aws_subnet" "shared" {
  vpc_id            = aws_vpc.shared.id
  availability_zone = local.zones.a
  cidr_block        = "172.29.1.0/24"
}

resource "aws_vpc_peering_connection" "shared" {
  vpc_id      = aws_vpc.main.id
  peer_vpc_id = aws_vpc.shared.id
  auto_accept = true

  tags = { Name = "shared" }
}

resource "aws_vpc_peering_connection_options" "shared" {
  vpc_peering_connection_id = aws_vpc_peering_connection.shared.id

  requester {
    allow_remote_vpc_dns_resolution = var.changed
  }
}

resource "aws_ec2_transit_gateway" "hub" {
  description                     = var.changed ? "the hub" : "hub"
  amazon_side_asn                 = 64512
  auto_accept_shared_attachments  = "disable"
  default_route_table_association = "disable"
  default_route_table_propagation = "disable"

  tags = { Name = "hub" }
}

resource "aws_ec2_transit_gateway_vpc_attachment" "main" {
  transit_gateway_id                              = aws_ec2_transit_gateway.hub.id
  vpc_id                                          = aws_vpc.main.id
  subnet_ids                                      = [for key in var.changed ? ["a", "b", "d"] : ["a", "b"] : aws_subnet.private[key].id]
  transit_gateway_default_route_table_association = false
  transit_gateway_default_route_table_propagation = false

  tags = { Name = "main" }
}

resource "aws_ec2_transit_gateway_vpc_attachment" "shared" {
  transit_gateway_id                              = aws_ec2_transit_gateway.hub.id
  vpc_id                                          = aws_vpc.shared.id
  subnet_ids                                      = [aws_subnet.shared.id]
  transit_gateway_default_route_table_association = false
  transit_gateway_default_route_table_propagation = false
}

resource "aws_ec2_transit_gateway_route_table" "hub" {
  transit_gateway_id = aws_ec2_transit_gateway.hub.id

  tags = { Name = "hub" }
}

resource "aws_ec2_transit_gateway_route_table_association" "hub" {
  for_each = {
    main   = aws_ec2_transit_gateway_vpc_attachment.main.id
    shared = aws_ec2_transit_gateway_vpc_attachment.shared.id
  }

  transit_gateway_attachment_id  = each.value
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.hub.id
}

resource "aws_ec2_transit_gateway_route_table_propagation" "shared" {
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.shared.id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.hub.id
}

resource "aws_ec2_transit_gateway_route" "main" {
  destination_cidr_block         = var.changed ? "10.0.0.0/14" : "10.0.0.0/15"
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.main.id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.hub.id
}

resource "aws_ec2_transit_gateway_route" "nowhere" {
  destination_cidr_block         = "192.168.0.0/16"
  blackhole                      = true
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.hub.id
}

resource "aws_route" "hub" {
  for_each = toset(["b", "d"])

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "172.29.0.0/16"
  transit_gateway_id     = aws_ec2_transit_gateway.hub.id

  depends_on = [aws_ec2_transit_gateway_vpc_attachment.main]
}

resource "aws_network_interface" "appliance" {
  subnet_id         = aws_subnet.private["b"].id
  description       = var.changed ? "an appliance" : "appliance"
  private_ips       = var.changed ? ["10.1.1.20", "10.1.1.21"] : ["10.1.1.20"]
  security_groups   = var.changed ? [aws_security_group.web.id, aws_security_group.db.id] : [aws_security_group.web.id]
  source_dest_check = false

  tags = { Name = "appliance" }
}

resource "aws_network_interface" "bastion" {
  subnet_id         = aws_subnet.public["a"].id
  private_ips_count = 1
}

resource "aws_network_interface_sg_attachment" "bastion" {
  security_group_id    = aws_security_group.web.id
  network_interface_id = aws_network_interface.bastion.id
}

resource "aws_eip" "bastion" {
  domain                    = "vpc"
  network_interface         = aws_network_interface.bastion.id
  associate_with_private_ip = aws_network_interface.bastion.private_ip

  depends_on = [aws_internet_gateway.main]
}

resource "aws_eip" "spare" {
  domain = "vpc"
}

resource "aws_eip_association" "spare" {
  allocation_id        = aws_eip.spare.id
  network_interface_id = var.changed ? aws_network_interface.other.id : aws_network_interface.appliance.id
}

resource "aws_network_interface" "other" {
  subnet_id = aws_subnet.public["b"].id
}
