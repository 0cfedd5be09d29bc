# What may pass: security groups, network ACLs, prefix lists.

# Its rules are within it.
resource "aws_security_group" "web" {
  name        = "web"
  description = "Services that reach out"
  vpc_id      = aws_vpc.main.id

  egress {
    description = "HTTPS"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = var.changed ? ["0.0.0.0/0", "192.0.2.0/24"] : ["0.0.0.0/0"]
  }
  egress {
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    security_groups = [aws_security_group.db.id]
  }
  egress {
    from_port       = 443
    to_port         = 443
    protocol        = "tcp"
    prefix_list_ids = [aws_vpc_endpoint.s3.prefix_list_id, aws_ec2_managed_prefix_list.partners.id]
  }
  egress {
    from_port        = 53
    to_port          = 53
    protocol         = "udp"
    cidr_blocks      = ["10.0.0.0/15"]
    ipv6_cidr_blocks = ["::/0"]
  }
  ingress {
    description = var.changed ? "ICMP, all of it" : "ICMP"
    from_port   = -1
    to_port     = -1
    protocol    = "icmp"
    cidr_blocks = ["10.0.0.0/8"]
  }
  ingress {
    from_port = 0
    to_port   = 0
    protocol  = "-1"
    self      = true
  }
}

# Its rules are resources of their own.
resource "aws_security_group" "db" {
  name_prefix            = "db-"
  description            = "Databases"
  vpc_id                 = aws_vpc.main.id
  revoke_rules_on_delete = true
}

resource "aws_vpc_security_group_ingress_rule" "db" {
  security_group_id            = aws_security_group.db.id
  referenced_security_group_id = aws_security_group.web.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = var.changed ? 5433 : 5432
  description                  = var.changed ? "PostgreSQL and its standby" : "PostgreSQL"

  tags = { Name = "from-web" }
}

resource "aws_vpc_security_group_ingress_rule" "partners" {
  security_group_id = aws_security_group.db.id
  prefix_list_id    = aws_ec2_managed_prefix_list.partners.id
  ip_protocol       = "tcp"
  from_port         = 6432
  to_port           = 6432
}

resource "aws_vpc_security_group_egress_rule" "db" {
  security_group_id = aws_security_group.db.id
  cidr_ipv4         = var.changed ? "10.0.0.0/14" : "10.0.0.0/15"
  ip_protocol       = "-1"
}

resource "aws_security_group_rule" "db" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  protocol          = "udp"
  from_port         = 123
  to_port           = 123
  cidr_blocks       = ["10.0.0.0/16", "10.1.0.0/16"]
  description       = var.changed ? "time" : "NTP"
}

resource "aws_security_group" "endpoints" {
  name   = "endpoints"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/15"]
  }
}

resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_network_acl" "private" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = var.changed ? [for key in ["a", "b"] : aws_subnet.private[key].id] : [for subnet in aws_subnet.private : subnet.id]

  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = var.changed ? 32768 : 1024
    to_port    = 65535
  }
  ingress {
    rule_no    = 110
    action     = "deny"
    protocol   = "icmp"
    cidr_block = "198.51.100.0/24"
    icmp_type  = 8
    icmp_code  = -1
    from_port  = 0
    to_port    = 0
  }

  tags = { Name = "private" }
}

resource "aws_network_acl" "public" {
  vpc_id = aws_vpc.main.id
}

resource "aws_network_acl_rule" "public" {
  for_each = { "in" = false, "out" = true }

  network_acl_id = aws_network_acl.public.id
  rule_number    = 100
  egress         = each.value
  protocol       = "-1"
  rule_action    = "allow"
  cidr_block     = "0.0.0.0/0"
}

resource "aws_network_acl_rule" "denied" {
  network_acl_id = aws_network_acl.public.id
  rule_number    = var.changed ? 51 : 50
  egress         = false
  protocol       = "tcp"
  rule_action    = "deny"
  cidr_block     = "198.51.100.7/32"
  from_port      = 22
  to_port        = 22
}

resource "aws_network_acl_association" "public" {
  for_each = local.zones

  network_acl_id = aws_network_acl.public.id
  subnet_id      = aws_subnet.public[each.key].id
}

resource "aws_default_network_acl" "shared" {
  default_network_acl_id = aws_vpc.shared.default_network_acl_id
  subnet_ids             = [aws_subnet.shared.id]

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    cidr_block = "10.0.0.0/8"
    from_port  = 0
    to_port    = 0
  }
  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    cidr_block = "10.0.0.0/8"
    from_port  = 0
    to_port    = 0
  }
}

resource "aws_ec2_managed_prefix_list" "partners" {
  name           = "partners"
  address_family = "IPv4"
  max_entries    = 5

  entry {
    cidr        = "203.0.113.0/28"
    description = "first"
  }
  dynamic "entry" {
    for_each = var.changed ? ["203.0.113.64/28", "203.0.113.96/28"] : ["203.0.113.32/28"]
    content {
      cidr = entry.value
    }
  }

  tags = { Name = "partners" }
}

resource "aws_ec2_managed_prefix_list" "offices" {
  name           = var.changed ? "branches" : "offices"
  address_family = "IPv4"
  max_entries    = var.changed ? 4 : 3
}

resource "aws_ec2_managed_prefix_list_entry" "office" {
  for_each = toset(["192.0.2.0/26", "192.0.2.64/26"])

  prefix_list_id = aws_ec2_managed_prefix_list.offices.id
  cidr           = each.value
  description    = "an office"
}
