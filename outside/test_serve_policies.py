"""EC2's actions on security groups and their rules, network ACLs and prefix lists, by boto3 against
`egret serve`: what they do, each error, filters, pages."""

import pytest
from network import ec2, server, vpc
from serve import code_of

NO_GROUP, NO_RULE, NO_ACL = "sg-0123456789abcdef0", "sgr-0123456789abcdef0", "acl-0123456789abcdef0"
NO_LIST, NO_VPC, NO_ASSOCIATION = "pl-0123456789abcdef0", "vpc-0123456789abcdef0", "aclassoc-0123456789abcdef0"
ANYWHERE = "0.0.0.0/0"


@pytest.fixture
def default_vpc(ec2):
    filters = [{"Name": "is-default", "Values": ["true"]}]
    return ec2.describe_vpcs(Filters=filters)["Vpcs"][0]["VpcId"]


@pytest.fixture
def group(ec2, vpc):
    return make_group(ec2, vpc, "web")


def make_group(ec2, vpc, name, **more):
    made = ec2.create_security_group(GroupName=name, Description=f"of {name}", VpcId=vpc, **more)
    return made["GroupId"]


def permission(protocol="tcp", first=443, last=443, **peers):
    said = {"IpProtocol": protocol, **peers}
    return said | ({"FromPort": first, "ToPort": last} if protocol != "-1" else {})


def to(cidr=ANYWHERE, **more):
    return permission(IpRanges=[{"CidrIp": cidr, **more}])


def described(ec2, group):
    return ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]




def by(name, *values):
    return {"Filters": [{"Name": name, "Values": list(values)}]}


# Security groups


def test_a_group_begins_with_all_egress_and_goes(ec2, vpc):
    tags = [{"ResourceType": "security-group", "Tags": [{"Key": "team", "Value": "net"}]}]
    made = ec2.create_security_group(GroupName="web", Description="of web", VpcId=vpc,
                                     TagSpecifications=tags)
    id = made["GroupId"]
    assert made["SecurityGroupArn"].endswith(f"security-group/{id}")
    assert made["Tags"] == [{"Key": "team", "Value": "net"}]
    group = described(ec2, id)
    assert (group["GroupName"], group["Description"], group["VpcId"]) == ("web", "of web", vpc)
    assert group["IpPermissions"] == []
    [egress] = group["IpPermissionsEgress"]
    assert egress["IpProtocol"] == "-1" and "FromPort" not in egress
    assert egress["IpRanges"] == [{"CidrIp": ANYWHERE}]
    assert ec2.delete_security_group(GroupId=id)["GroupId"] == id
    assert code_of(ec2.describe_security_groups, GroupIds=[id]) == (
        "InvalidGroup.NotFound", f"The security group '{id}' does not exist")
    assert ec2.describe_security_group_rules(**by("group-id", id))["SecurityGroupRules"] == []


def test_groups_that_cannot_be_made(ec2, vpc, group):
    def code(**arguments):
        said = {"GroupName": "a", "Description": "a", "VpcId": vpc} | arguments
        return code_of(ec2.create_security_group, **said)
    assert code(GroupName="web") == (
        "InvalidGroup.Duplicate", f"The security group 'web' already exists for VPC '{vpc}'")
    assert code(GroupName="default")[0] == "InvalidGroup.Reserved"
    assert code(GroupName="sg-web")[0] == "InvalidParameterValue"
    assert code(GroupName="a" * 256)[0] == "InvalidParameterValue"
    assert code(Description="schön")[0] == "InvalidParameterValue"
    assert code(VpcId=NO_VPC)[0] == "InvalidVpcID.NotFound"
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    assert make_group(ec2, other, "web"), "names are a VPC's own"
    assert code(GroupName="b", DryRun=True)[0] == "DryRunOperation"
    assert code(GroupName="web", DryRun=True)[0] == "InvalidGroup.Duplicate"


def test_without_a_vpc_the_default_one_is_meant(ec2, default_vpc):
    id = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
    assert described(ec2, id)["VpcId"] == default_vpc
    assert ec2.describe_security_groups(GroupNames=["web"])["SecurityGroups"][0]["GroupId"] == id
    ec2.authorize_security_group_ingress(GroupName="web", IpPermissions=[to()])
    ec2.delete_security_group(GroupName="web")
    assert code_of(ec2.delete_security_group, GroupName="web")[0] == "InvalidGroup.NotFound"


def test_groups_that_cannot_go(ec2, vpc, group):
    default = ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}])
    default = default["SecurityGroups"][0]["GroupId"]
    assert code_of(ec2.delete_security_group, GroupId=default) == (
        "CannotDelete", f'the specified group: "{default}" name: "default" cannot be deleted by a user')
    assert code_of(ec2.delete_security_group, GroupId=NO_GROUP)[0] == "InvalidGroup.NotFound"
    assert code_of(ec2.delete_security_group)[0] == "MissingParameter"
    other = make_group(ec2, vpc, "db")
    rule = permission(UserIdGroupPairs=[{"GroupId": group}])
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule])
    assert code_of(ec2.delete_security_group, GroupId=group) == (
        "DependencyViolation", f"resource {group} has a dependent object")
    ec2.delete_security_group(GroupId=other)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    eni = ec2.create_network_interface(SubnetId=subnet, Groups=[group])
    eni = eni["NetworkInterface"]["NetworkInterfaceId"]
    assert code_of(ec2.delete_security_group, GroupId=group)[0] == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    ec2.delete_security_group(GroupId=group)


def test_groups_are_found_by_what_they_have(ec2, vpc, group):
    ec2.create_tags(Resources=[group], Tags=[{"Key": "team", "Value": "network"}])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[to("192.0.2.0/24")])
    make_group(ec2, vpc, "other")
    for name, value in [
        ("group-id", group), ("group-name", "w*"), ("description", "of we?"), ("tag:team", "net*"),
        ("tag-key", "team"), ("ip-permission.cidr", "192.0.2.0/24"), ("ip-permission.from-port", "443"),
        ("ip-permission.protocol", "tcp"), ("ip-permission.to-port", "443"),
    ]:
        found = ec2.describe_security_groups(**by(name, value))["SecurityGroups"]
        assert [group] == [one["GroupId"] for one in found], name
    found = ec2.describe_security_groups(**by("egress.ip-permission.cidr", ANYWHERE))
    assert len(found["SecurityGroups"]) >= 3
    assert code_of(ec2.describe_security_groups, **by("colour", "red"))[0] == "InvalidParameterValue"


def test_groups_come_in_pages(ec2, vpc):
    made = {make_group(ec2, vpc, f"g{n}") for n in range(12)}
    pages = list(ec2.get_paginator("describe_security_groups").paginate(
        **by("group-name", "g*"), PaginationConfig={"PageSize": 5}))
    assert [len(page["SecurityGroups"]) for page in pages] == [5, 5, 2]
    assert made == {group["GroupId"] for page in pages for group in page["SecurityGroups"]}
    call = ec2.describe_security_groups
    assert code_of(call, NextToken="x")[0] == "InvalidNextToken"
    assert code_of(call, GroupIds=[min(made)], MaxResults=5)[0] == "InvalidParameterCombination"


# Rules as permissions


def test_rules_are_authorized_and_revoked_as_permissions(ec2, group):
    said = permission(IpRanges=[{"CidrIp": "10.0.1.7/24", "Description": "app"}, {"CidrIp": "192.0.2.1/32"}],
                      Ipv6Ranges=[{"CidrIpv6": "2001:db8::/32"}])
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[said])
    assert made["Return"] is True
    rules = made["SecurityGroupRules"]
    assert [rule.get("CidrIpv4") or rule["CidrIpv6"] for rule in rules] == [
        "10.0.1.0/24", "192.0.2.1/32", "2001:db8::/32"], "host bits are cleared"
    assert rules[0]["Description"] == "app" and not rules[0]["IsEgress"]
    [shown] = described(ec2, group)["IpPermissions"]
    assert (shown["FromPort"], shown["ToPort"], shown["IpProtocol"]) == (443, 443, "tcp")
    assert len(shown["IpRanges"]) == 2 and shown["Ipv6Ranges"] == [{"CidrIpv6": "2001:db8::/32"}]
    gone = ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[said])
    assert len(gone["RevokedSecurityGroupRules"]) == 3 and gone["Return"] is True
    assert described(ec2, group)["IpPermissions"] == []


def test_rules_are_authorized_and_revoked_by_the_older_members(ec2, group):
    flat = {"IpProtocol": "6", "FromPort": 22, "ToPort": 22, "CidrIp": "192.0.2.0/24"}
    [rule] = ec2.authorize_security_group_ingress(GroupId=group, **flat)["SecurityGroupRules"]
    assert (rule["IpProtocol"], rule["CidrIpv4"]) == ("tcp", "192.0.2.0/24")
    ec2.revoke_security_group_ingress(GroupId=group, **flat)
    assert described(ec2, group)["IpPermissions"] == []
    assert code_of(ec2.authorize_security_group_ingress, GroupId=group)[0] == "MissingParameter"
    assert code_of(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[to()],
                   **flat)[0] == "InvalidParameterCombination"
    assert code_of(ec2.authorize_security_group_ingress, GroupId=group, IpProtocol="tcp", FromPort=1,
                   ToPort=1, SourceSecurityGroupName="web")[0] == "InvalidParameterValue"


def test_rules_that_cannot_be_authorized(ec2, vpc, group):
    def code(*permissions):
        return code_of(ec2.authorize_security_group_egress, GroupId=group, IpPermissions=list(permissions))
    assert code(permission("-1", IpRanges=[{"CidrIp": ANYWHERE}])) == (
        "InvalidPermission.Duplicate",
        'the specified rule "peer: 0.0.0.0/0, ALL, ALLOW" already exists')
    assert code(to(), to()) == (
        "InvalidParameterValue", "The same permission must not appear multiple times")
    assert code(to("10.0.0.0/33")) == ("InvalidParameterValue", "CIDR block 10.0.0.0/33 is malformed")
    assert code(permission(Ipv6Ranges=[{"CidrIpv6": "::/129"}]))[0] == "InvalidParameterValue"
    assert code(permission("tcp", 2, 1, IpRanges=[{"CidrIp": ANYWHERE}]))[0] == "InvalidParameterValue"
    assert code(permission("tcp", 0, 65536, IpRanges=[{"CidrIp": ANYWHERE}]))[0] == "InvalidParameterValue"
    assert code(permission("what", IpRanges=[{"CidrIp": ANYWHERE}]))[0] == "InvalidParameterValue"
    assert code(permission("icmp", -1, 0, IpRanges=[{"CidrIp": ANYWHERE}]))[0] == "InvalidParameterValue"
    assert code({"IpProtocol": "tcp", "IpRanges": [{"CidrIp": ANYWHERE}]})[0] == "InvalidParameterValue"
    assert code(to(Description="x" * 256))[0] == "InvalidParameterValue"
    assert code(permission())[0] == "MissingParameter"
    assert code(permission(PrefixListIds=[{"PrefixListId": NO_LIST}]))[0] == "InvalidPrefixListID.NotFound"
    assert code(permission(UserIdGroupPairs=[{"GroupId": NO_GROUP}]))[0] == "InvalidGroup.NotFound"
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    far = make_group(ec2, other, "far")
    assert code(permission(UserIdGroupPairs=[{"GroupId": far}])) == (
        "InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
    assert code_of(ec2.authorize_security_group_egress, GroupId=NO_GROUP, IpPermissions=[to()])[0] == (
        "InvalidGroup.NotFound")
    assert len(described(ec2, group)["IpPermissionsEgress"]) == 1, "nothing has changed"


def test_what_is_not_there_cannot_be_revoked(ec2, group, default_vpc):
    assert code_of(ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=[to()]) == (
        "InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
    assert code_of(ec2.revoke_security_group_ingress, GroupId=group)[0] == "MissingParameter"
    # In a default VPC it is only told.
    id = make_group(ec2, default_vpc, "web")
    told = ec2.revoke_security_group_ingress(GroupId=id, IpPermissions=[to()])
    assert told["Return"] is False and told["UnknownIpPermissions"][0]["FromPort"] == 443


def test_rules_have_a_limit(ec2, vpc, group):
    cidrs = [{"CidrIp": f"192.0.2.{n}/32"} for n in range(60)]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission(IpRanges=cidrs)])
    assert code_of(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[to()])[0] == (
        "RulesPerSecurityGroupLimitExceeded")
    v6 = permission(Ipv6Ranges=[{"CidrIpv6": "2001:db8::/32"}])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[v6])  # counts apart
    # A list counts for as many as it may have.
    other = make_group(ec2, vpc, "other")
    for size, code in [(60, None), (61, "RulesPerSecurityGroupLimitExceeded")]:
        id = make_list(ec2, f"l{size}", size)["PrefixListId"]
        rule = {"GroupId": other, "IpPermissions": [permission(PrefixListIds=[{"PrefixListId": id}])]}
        if code:
            assert code_of(ec2.authorize_security_group_ingress, **rule)[0] == code
        else:
            ec2.authorize_security_group_ingress(**rule)
            ec2.revoke_security_group_ingress(**rule)


# Rules as resources


def test_rules_have_ids_tags_and_descriptions(ec2, group):
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "why", "Value": "web"}]}]
    [rule] = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[to()], TagSpecifications=tags)["SecurityGroupRules"]
    id = rule["SecurityGroupRuleId"]
    assert rule["Tags"] == tags[0]["Tags"] and rule["SecurityGroupRuleArn"].endswith(id)
    found = ec2.describe_security_group_rules(SecurityGroupRuleIds=[id])["SecurityGroupRules"]
    assert found == [rule]
    assert ec2.describe_security_group_rules(**by("tag:why", "w*"))["SecurityGroupRules"] == [rule]
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group, SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": id, "Description": "all"}])
    assert described(ec2, group)["IpPermissions"][0]["IpRanges"][0]["Description"] == "all"
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[to(Description="b")])
    assert described(ec2, group)["IpPermissions"][0]["IpRanges"][0]["Description"] == "b"
    call = ec2.update_security_group_rule_descriptions_egress
    assert code_of(call, GroupId=group, IpPermissions=[to()])[0] == "InvalidPermission.NotFound"
    assert code_of(call, GroupId=group)[0] == "MissingParameter"
    gone = ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[id])
    assert gone["RevokedSecurityGroupRules"][0]["SecurityGroupRuleId"] == id
    assert ec2.describe_tags(**by("resource-id", id))["Tags"] == []


def test_rules_are_modified(ec2, vpc, group):
    [rule] = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[to()])["SecurityGroupRules"]
    id, peer = rule["SecurityGroupRuleId"], make_group(ec2, vpc, "peer")

    def modify(id=id, **said):
        return {"GroupId": group,
                "SecurityGroupRules": [{"SecurityGroupRuleId": id, "SecurityGroupRule": said}]}
    ec2.modify_security_group_rules(**modify(IpProtocol="udp", FromPort=53, ToPort=53,
                                             ReferencedGroupId=peer, Description="dns"))
    [shown] = described(ec2, group)["IpPermissions"]
    assert shown["IpProtocol"] == "udp" and shown["UserIdGroupPairs"][0]["GroupId"] == peer
    call = ec2.modify_security_group_rules
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": ANYWHERE}
    assert code_of(call, **modify(**https, CidrIpv6="::/0"))[0] == "InvalidParameterCombination"
    assert code_of(call, **modify(NO_RULE, **https))[0] == "InvalidSecurityGroupRuleId.NotFound"
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[to()])
    assert code_of(call, **modify(**https))[0] == "InvalidPermission.Duplicate"
    ec2.modify_security_group_rules(**modify(**(https | {"ToPort": 444})))


def test_rules_are_revoked_by_ids_of_their_group_and_direction_alone(ec2, vpc, group):
    other = make_group(ec2, vpc, "other")
    [rule] = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[to()])["SecurityGroupRules"]
    id = [rule["SecurityGroupRuleId"]]
    code = "InvalidSecurityGroupRuleId.NotFound"
    assert code_of(ec2.revoke_security_group_ingress, GroupId=other, SecurityGroupRuleIds=id)[0] == code
    assert code_of(ec2.revoke_security_group_egress, GroupId=group, SecurityGroupRuleIds=id)[0] == code
    assert code_of(ec2.revoke_security_group_ingress, GroupId=group, SecurityGroupRuleIds=id,
                   IpPermissions=[to()])[0] == "InvalidParameterCombination"
    assert code_of(ec2.describe_security_group_rules, SecurityGroupRuleIds=[NO_RULE])[0] == code


def test_rules_come_in_pages(ec2, group):
    cidrs = [{"CidrIp": f"192.0.2.{n}/32"} for n in range(11)]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission(IpRanges=cidrs)])
    pages = list(ec2.get_paginator("describe_security_group_rules").paginate(
        **by("group-id", group), PaginationConfig={"PageSize": 5}))
    assert [len(page["SecurityGroupRules"]) for page in pages] == [5, 5, 2]


# Network ACLs


def make_acl(ec2, vpc):
    return ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]


def entry(acl, number=100, egress=False, protocol="-1", action="allow", cidr=ANYWHERE, **more):
    return {"NetworkAclId": acl, "RuleNumber": number, "Egress": egress, "Protocol": protocol,
            "RuleAction": action, "CidrBlock": cidr, **more}


def entries(ec2, acl):
    return ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]


def test_an_acl_begins_by_denying_everything(ec2, vpc):
    acl = make_acl(ec2, vpc)
    assert [(one["RuleNumber"], one["RuleAction"], one["Egress"]) for one in entries(ec2, acl)] == [
        (32767, "deny", True), (32767, "deny", False)]
    ec2.create_network_acl_entry(**entry(acl, 200, protocol="6", cidr="10.0.1.9/24",
                                         PortRange={"From": 443, "To": 443}))
    ec2.create_network_acl_entry(**entry(acl, 100, protocol="1", IcmpTypeCode={"Type": 8, "Code": -1}))
    ingress = [one for one in entries(ec2, acl) if not one["Egress"]]
    assert [one["RuleNumber"] for one in ingress] == [100, 200, 32767]
    assert ingress[0]["IcmpTypeCode"] == {"Type": 8, "Code": -1}
    assert ingress[1]["PortRange"] == {"From": 443, "To": 443} and ingress[1]["CidrBlock"] == "10.0.1.0/24"
    ec2.replace_network_acl_entry(**entry(acl, 200, action="deny"))
    assert [one["RuleAction"] for one in entries(ec2, acl) if one["RuleNumber"] == 200] == ["deny"]
    ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=200, Egress=False)
    assert [one["RuleNumber"] for one in entries(ec2, acl)] == [32767, 100, 32767]
    ec2.delete_network_acl(NetworkAclId=acl)
    assert code_of(ec2.describe_network_acls, NetworkAclIds=[acl])[0] == "InvalidNetworkAclID.NotFound"


def test_entries_that_cannot_be(ec2, vpc):
    acl = make_acl(ec2, vpc)
    ec2.create_network_acl_entry(**entry(acl))
    create = ec2.create_network_acl_entry
    assert code_of(create, **entry(acl))[0] == "NetworkAclEntryAlreadyExists"
    for number in (0, 32767, 65536):
        assert code_of(create, **entry(acl, number))[0] == "InvalidParameterValue"
    assert code_of(create, **entry(acl, 1, protocol="6"))[0] == "MissingParameter"
    assert code_of(create, **entry(acl, 1, protocol="1"))[0] == "MissingParameter"
    assert code_of(create, **entry(acl, 1, protocol="what"))[0] == "InvalidParameterValue"
    assert code_of(create, **entry(acl, 1, action="log"))[0] == "InvalidParameterValue"
    assert code_of(create, **entry(acl, 1, cidr="x"))[0] == "InvalidParameterValue"
    assert code_of(create, **entry(acl, 1, protocol="17", PortRange={"From": 2, "To": 1}))[0] == (
        "InvalidParameterValue")
    assert code_of(create, **entry(NO_ACL))[0] == "InvalidNetworkAclID.NotFound"
    missing = "InvalidNetworkAclEntry.NotFound"
    assert code_of(ec2.replace_network_acl_entry, **entry(acl, 7))[0] == missing
    assert code_of(ec2.delete_network_acl_entry, NetworkAclId=acl, RuleNumber=100, Egress=True)[0] == missing
    for number in range(101, 119):
        create(**entry(acl, number))
    assert code_of(create, **entry(acl, 119))[0] == "NetworkAclEntryLimitExceeded"
    create(**entry(acl, 119, egress=True))


def test_subnets_change_from_one_acl_to_another(ec2, vpc):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    [default] = ec2.describe_network_acls(**by("association.subnet-id", subnet))["NetworkAcls"]
    assert default["IsDefault"] and default["VpcId"] == vpc
    [tie] = default["Associations"]
    acl = make_acl(ec2, vpc)
    new = ec2.replace_network_acl_association(
        AssociationId=tie["NetworkAclAssociationId"], NetworkAclId=acl)["NewAssociationId"]
    [found] = ec2.describe_network_acls(**by("association.subnet-id", subnet))["NetworkAcls"]
    assert found["NetworkAclId"] == acl and found["Associations"][0]["NetworkAclAssociationId"] == new
    assert code_of(ec2.delete_network_acl, NetworkAclId=acl)[0] == "DependencyViolation"
    assert code_of(ec2.delete_network_acl, NetworkAclId=default["NetworkAclId"])[0] == "InvalidParameterValue"
    assert code_of(ec2.replace_network_acl_association, AssociationId=NO_ASSOCIATION,
                   NetworkAclId=acl)[0] == "InvalidAssociationID.NotFound"
    other = make_acl(ec2, ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"])
    assert code_of(ec2.replace_network_acl_association, AssociationId=new,
                   NetworkAclId=other)[0] == "InvalidParameterValue"
    ec2.replace_network_acl_association(AssociationId=new, NetworkAclId=default["NetworkAclId"])
    ec2.delete_network_acl(NetworkAclId=acl)


def test_acls_are_found_by_what_they_have_and_come_in_pages(ec2, vpc):
    acls = {make_acl(ec2, vpc) for _ in range(6)}
    one = min(acls)
    ec2.create_network_acl_entry(**entry(one, 77, protocol="6", cidr="192.0.2.0/24", action="deny",
                                         PortRange={"From": 22, "To": 23}))
    for name, value in [("entry.cidr", "192.0.2.0/24"), ("entry.rule-number", "77"), ("entry.protocol", "6"),
                        ("entry.port-range.from", "22"), ("entry.port-range.to", "23"),
                        ("network-acl-id", one)]:
        found = ec2.describe_network_acls(**by(name, value))["NetworkAcls"]
        assert [one] == [acl["NetworkAclId"] for acl in found], name
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "default", "Values": ["false"]}]
    pages = list(ec2.get_paginator("describe_network_acls").paginate(
        Filters=filters, PaginationConfig={"PageSize": 5}))
    assert [len(page["NetworkAcls"]) for page in pages] == [5, 1]
    assert acls == {acl["NetworkAclId"] for page in pages for acl in page["NetworkAcls"]}


# Prefix lists


def make_list(ec2, name="offices", size=10, *cidrs, **more):
    made = ec2.create_managed_prefix_list(
        PrefixListName=name, MaxEntries=size, AddressFamily="IPv4",
        Entries=[{"Cidr": cidr} for cidr in cidrs], **more)
    return made["PrefixList"]


def in_list(ec2, id, **version):
    found = ec2.get_managed_prefix_list_entries(PrefixListId=id, **version)["Entries"]
    return [entry["Cidr"] for entry in found]


def test_a_prefix_list_has_versions(ec2):
    made = make_list(ec2, "offices", 10, "192.0.2.0/24", "198.51.100.0/24")
    id = made["PrefixListId"]
    assert (made["Version"], made["MaxEntries"], made["State"]) == (1, 10, "create-complete")
    changed = ec2.modify_managed_prefix_list(
        PrefixListId=id, CurrentVersion=1, AddEntries=[{"Cidr": "203.0.113.0/24", "Description": "c"}],
        RemoveEntries=[{"Cidr": "192.0.2.0/24"}])["PrefixList"]
    assert (changed["Version"], changed["State"]) == (2, "modify-complete")
    assert in_list(ec2, id) == ["198.51.100.0/24", "203.0.113.0/24"]
    assert in_list(ec2, id, TargetVersion=1) == ["192.0.2.0/24", "198.51.100.0/24"]
    ec2.restore_managed_prefix_list_version(PrefixListId=id, PreviousVersion=1, CurrentVersion=2)
    assert in_list(ec2, id) == in_list(ec2, id, TargetVersion=1)
    ec2.modify_managed_prefix_list(PrefixListId=id, PrefixListName="sites", MaxEntries=20)
    [shown] = ec2.describe_managed_prefix_lists(PrefixListIds=[id])["PrefixLists"]
    assert (shown["PrefixListName"], shown["MaxEntries"], shown["Version"]) == ("sites", 20, 3)
    assert ec2.delete_managed_prefix_list(PrefixListId=id)["PrefixList"]["State"] == "delete-in-progress"
    assert code_of(ec2.get_managed_prefix_list_entries, PrefixListId=id)[0] == "InvalidPrefixListID.NotFound"


def test_lists_that_cannot_be(ec2):
    def code(name="a", size=1, family="IPv4", *cidrs):
        entries = [{"Cidr": cidr} for cidr in cidrs]
        return code_of(ec2.create_managed_prefix_list, PrefixListName=name, MaxEntries=size,
                       AddressFamily=family, Entries=entries)[0]
    assert code("com.amazonaws.x") == "InvalidParameterValue"
    assert code(size=0) == code(size=1001) == "InvalidParameterValue"
    assert code(family="IPv6") == "UnsupportedOperation"
    assert code("a", 1, "IPv4", "x") == "InvalidParameterValue"
    assert code("a", 2, "IPv4", "192.0.2.0/24", "192.0.2.0/24") == "InvalidParameterValue"
    assert code("a", 1, "IPv4", "192.0.2.0/24", "192.0.3.0/24") == "PrefixListMaxEntriesExceeded"
    id = make_list(ec2, "l", 1, "192.0.2.0/24")["PrefixListId"]
    modify = ec2.modify_managed_prefix_list
    new = [{"Cidr": "198.51.100.0/24"}]
    assert code_of(modify, PrefixListId=id, AddEntries=new)[0] == "MissingParameter"
    assert code_of(modify, PrefixListId=id, CurrentVersion=2, AddEntries=new) == (
        "PrefixListVersionMismatch", "The prefix list has the incorrect version number.")
    assert code_of(modify, PrefixListId=id, CurrentVersion=1, AddEntries=new)[0] == (
        "PrefixListMaxEntriesExceeded")
    assert code_of(modify, PrefixListId=id, CurrentVersion=1, RemoveEntries=new) == (
        "InvalidPrefixListModification", "The CIDR 198.51.100.0/24 does not exist.")
    there = [{"Cidr": "192.0.2.0/24"}]
    assert code_of(modify, PrefixListId=id, CurrentVersion=1, AddEntries=there)[0] == "InvalidPrefixListModification"
    # A description is changed by two requests, as Terraform does it.
    assert code_of(modify, PrefixListId=id, CurrentVersion=1, AddEntries=there, RemoveEntries=there) == (
        "InvalidParameterValue",
        "Request cannot contain Cidr 192.0.2.0/24 in both AddPrefixListEntries and RemovePrefixListEntries")
    many = [{"Cidr": f"10.0.{n}.0/24"} for n in range(101)]
    assert code_of(modify, PrefixListId=id, CurrentVersion=1, AddEntries=many) == (
        "InvalidParameterValue", "The request cannot contain more than 100 entry additions or removals.")
    assert code_of(modify, PrefixListId=id, CurrentVersion=0, AddEntries=new)[0] == "InvalidParameterValue"
    assert code_of(modify, PrefixListId=id, CurrentVersion=1, AddEntries=new, MaxEntries=5) == (
        "InvalidParameterCombination",
        "You cannot modify the entries and the maximum number of entries for the prefix list in the same request.")
    assert code_of(ec2.restore_managed_prefix_list_version, PrefixListId=id, PreviousVersion=9,
                   CurrentVersion=1)[0] == "PrefixListVersionNotFound"


def test_lists_in_use_stay(ec2, vpc, group):
    id = make_list(ec2, "l", 60, "192.0.2.0/24")["PrefixListId"]
    rule = permission(PrefixListIds=[{"PrefixListId": id}])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    users = ec2.get_managed_prefix_list_associations(PrefixListId=id)["PrefixListAssociations"]
    assert [user["ResourceId"] for user in users] == [group]
    assert code_of(ec2.delete_managed_prefix_list, PrefixListId=id)[0] == "DependencyViolation"
    assert code_of(ec2.modify_managed_prefix_list, PrefixListId=id, MaxEntries=61)[0] == (
        "RulesPerSecurityGroupLimitExceeded")
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    ec2.delete_managed_prefix_list(PrefixListId=id)


def test_awss_own_lists_are_there_and_stay(ec2):
    lists = ec2.describe_managed_prefix_lists(**by("owner-id", "AWS"))["PrefixLists"]
    assert {one["PrefixListName"] for one in lists} == {
        "com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.dynamodb"}
    services = ec2.describe_prefix_lists(**by("prefix-list-name", "*.s3"))["PrefixLists"]
    assert services[0]["Cidrs"] == in_list(ec2, services[0]["PrefixListId"])
    id = services[0]["PrefixListId"]
    assert code_of(ec2.delete_managed_prefix_list, PrefixListId=id)[0] == "UnauthorizedOperation"
    own = make_list(ec2)["PrefixListId"]
    assert code_of(ec2.describe_prefix_lists, PrefixListIds=[own])[0] == "InvalidPrefixListID.NotFound"


def test_lists_and_their_entries_come_in_pages(ec2):
    cidrs = [f"192.0.2.{n}/32" for n in range(12)]
    id = make_list(ec2, "big", 12, *cidrs)["PrefixListId"]
    pages = list(ec2.get_paginator("get_managed_prefix_list_entries").paginate(
        PrefixListId=id, PaginationConfig={"PageSize": 5}))
    assert [entry["Cidr"] for page in pages for entry in page["Entries"]] == cidrs
    for n in range(5):
        make_list(ec2, f"l{n}")
    pages = list(ec2.get_paginator("describe_managed_prefix_lists").paginate(
        **by("prefix-list-name", "l*"), PaginationConfig={"PageSize": 5}))
    assert sum(len(page["PrefixLists"]) for page in pages) == 5
