# The VPC over three zones: subnets, gateways, routes.

data "aws_availability_zones" "all" {
  state = "available"
}

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

locals {
  zones = {
    a = data.aws_availability_zones.all.names[0]
    b = data.aws_availability_zones.all.names[1]
    d = data.aws_availability_zones.all.names[3]
  }
  numbers = { a = 0, b = 1, d = 2 }
}

resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = merge({ Name = "main" }, var.changed ? { stage = "second" } : { stage = "first", gone = "soon" })
}

resource "aws_vpc_ipv4_cidr_block_association" "second" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.1.0.0/16"
}

resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id                  = aws_vpc.main.id
  availability_zone       = each.value
  cidr_block              = cidrsubnet("10.0.0.0/16", 8, 100 + local.numbers[each.key])
  map_public_ip_on_launch = !var.changed

  tags = { Name = "public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id            = aws_vpc_ipv4_cidr_block_association.second.vpc_id
  availability_zone = each.value
  cidr_block        = cidrsubnet("10.1.0.0/16", 8, local.numbers[each.key])

  tags = { Name = "private-${each.key}", tier = var.changed ? "application" : "app" }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id

  tags = { Name = "main" }
}

resource "aws_eip" "nat" {
  for_each = local.zones

  domain = "vpc"

  tags = { Name = "nat-${each.key}" }

  depends_on = [aws_internet_gateway.main]
}

resource "aws_eip" "second" {
  domain = "vpc"
}

resource "aws_eip" "third" {
  domain = "vpc"
}

resource "aws_nat_gateway" "main" {
  for_each = local.zones

  allocation_id            = aws_eip.nat[each.key].id
  subnet_id                = aws_subnet.public[each.key].id
  secondary_allocation_ids = each.key == "a" ? (var.changed ? [aws_eip.third.id] : [aws_eip.second.id]) : null

  tags = { Name = "main-${each.key}" }
}

resource "aws_nat_gateway" "private" {
  connectivity_type                  = "private"
  subnet_id                          = aws_subnet.private["a"].id
  secondary_private_ip_address_count = var.changed ? 2 : 1
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id

  # Routes within the table, not beside it.
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }

  dynamic "route" {
    for_each = var.changed ? ["172.30.0.0/16"] : ["172.29.0.0/16"]
    content {
      cidr_block                = route.value
      vpc_peering_connection_id = aws_vpc_peering_connection.shared.id
    }
  }

  tags = { Name = "public" }
}

resource "aws_route_table_association" "public" {
  for_each = local.zones

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table" "private" {
  for_each = local.zones

  vpc_id = aws_vpc.main.id

  tags = { Name = "private-${each.key}" }
}

resource "aws_route_table_association" "private" {
  for_each = local.zones

  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[var.changed && each.key == "b" ? "a" : each.key].id
}

resource "aws_route" "out" {
  for_each = local.zones

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[var.changed && each.key == "d" ? "a" : each.key].id
}

resource "aws_route" "partners" {
  route_table_id             = aws_route_table.private["a"].id
  destination_prefix_list_id = aws_ec2_managed_prefix_list.partners.id
  vpc_peering_connection_id  = aws_vpc_peering_connection.shared.id
}

resource "aws_route" "appliance" {
  count = var.changed ? 0 : 1

  route_table_id         = aws_route_table.private["b"].id
  destination_cidr_block = "203.0.113.0/24"
  network_interface_id   = aws_network_interface.appliance.id
}

resource "aws_main_route_table_association" "main" {
  vpc_id         = aws_vpc.main.id
  route_table_id = aws_route_table.private["d"].id
}

resource "aws_default_route_table" "shared" {
  default_route_table_id = aws_vpc.shared.default_route_table_id

  route {
    cidr_block                = "10.0.0.0/15"
    vpc_peering_connection_id = aws_vpc_peering_connection.shared.id
  }
}

data "aws_route_table" "private" {
  subnet_id = aws_route_table_association.private["a"].subnet_id
}

data "aws_subnets" "private" {
  filter {
    name   = "vpc-id"
    values = [aws_vpc.main.id]
  }
  filter {
    name   = "tag:Name"
    values = ["private-*"]
  }
  depends_on = [aws_subnet.private]
}
