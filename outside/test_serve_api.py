"""Egret's own API of `egret serve`: what it shows is so, by clients that know nothing of Egret. After
each change that boto3 makes, explanations and live traffic agree."""

import base64
import contextlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from serve import KEYS, REGION, ROOT, eventually

SCENARIO = ROOT / "scenarios" / "01-nat-over-three-zones"
API = "api.example.com:443"
ANYWHERE = "0.0.0.0/0"


class Egret:
    """Egret's own API of a server, and boto3's EC2 of the same."""

    def __init__(self, server):
        self.server, self.ec2 = server, server.client("ec2")

    def ask(self, method, path, status=200, **more):
        answer = requests.request(method, f"{self.server.url}{path}", timeout=20, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def get(self, path, status=200, **query):
        return self.ask("GET", f"/egret/v1/{path}", status, params=query)

    def explain(self, **query):
        """The outcome, and why."""
        analysis = self.get("explain", **({"from": "web", "to": API} | query))["analysis"]
        why = analysis["Explanations"][0] if analysis["Explanations"] else None
        return analysis["Egret"]["Outcome"], why and why["Egret"]["Reason"]

    def start(self, status=201, **plan):
        return self.ask("POST", "/egret/v1/traffic", status, json={"from": "web", "to": API} | plan)

    def traffic(self, run):
        return self.get(f"traffic/{run['id']}")

    def stop(self, run):
        return self.ask("DELETE", f"/egret/v1/traffic/{run['id']}")

    def verdict(self, run, epoch=0):
        """What became of the last packet that was judged by that configuration, or a later one."""
        def judged():
            verdict = self.traffic(run)["verdict"]
            return verdict if verdict and verdict["epoch"] >= epoch else None
        verdict = eventually(judged)
        return verdict["outcome"], verdict["reason"]

    def epoch(self):
        return self.get("status")["snapshot"]["epoch"]

    def agrees(self, *runs, on=None, **query):
        """Live packets fare as the explanation says: as of now, and as is expected."""
        explained = self.explain(**query)
        assert on is None or explained == on
        for run in runs:
            # A flow whose way was mended takes a moment to find out.
            eventually(lambda: self.verdict(run, self.epoch()) == explained)
        return explained

    def named(self, kind, name):
        return next(one["id"] for one in self.get("topology")[kind] if one["name"] == name)


@pytest.fixture
def egret(serve):
    return Egret(serve("--scenario", SCENARIO))


def balanced(run):
    """Every packet is accounted for, and none was lost but by a rule."""
    assert run["sent"] + run["answers"] == run["delivered"] + run["answers_delivered"] + run["dropped"]
    assert (run["under_way"], run["lost"]) == (0, 0)
    assert sum(drop["packets"] for drop in run["drops"]) == run["dropped"]
    return run


# What there is


def test_the_topology_is_what_ec2_describes(egret):
    topology, ec2 = egret.get("topology"), egret.ec2
    ids = {
        "vpcs": [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]],
        "subnets": [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]],
        "route_tables": [table["RouteTableId"] for table in ec2.describe_route_tables()["RouteTables"]],
        "security_groups": [group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]],
        "nat_gateways": [nat["NatGatewayId"] for nat in ec2.describe_nat_gateways()["NatGateways"]],
        "internet_gateways": [igw["InternetGatewayId"] for igw in
                              ec2.describe_internet_gateways()["InternetGateways"]],
        "network_acls": [acl["NetworkAclId"] for acl in ec2.describe_network_acls()["NetworkAcls"]],
        "prefix_lists": [one["PrefixListId"] for one in ec2.describe_prefix_lists()["PrefixLists"]],
    }
    for kind, described in ids.items():
        assert sorted(one["id"] for one in topology[kind]) == sorted(described), kind
    described = {nic["PrivateIpAddress"] for nic in ec2.describe_network_interfaces()["NetworkInterfaces"]}
    assert {nic["private_ip"] for nic in topology["network_interfaces"]} == described
    [service] = topology["services"]
    assert (service["id"], service["egress_type"], service["tasks"]) == ("web", "VPC", 3)
    assert topology["hosts"] == [{"name": "api.example.com", "address": "203.0.113.10"}]
    private = next(table for table in topology["route_tables"] if table["name"] == "private-a")
    assert {route["destination"] for route in private["routes"]} == {"10.0.0.0/16", ANYWHERE}
    group = next(group for group in topology["security_groups"] if group["name"] == "web")
    assert group["egress"] == ["tcp 443 to 0.0.0.0/0"]


def test_a_change_is_a_new_epoch_and_a_question_is_none(egret):
    before = egret.get("status")
    vpc = egret.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    changed = egret.get("status")
    assert changed["snapshot"]["epoch"] == before["snapshot"]["epoch"] + 1
    assert changed["revision"] == changed["adopted_revision"] > before["revision"]
    assert changed["snapshot"]["compiled_in_us"] > 0 and changed["snapshot"]["adopted_in_us"] > 0
    assert vpc in {one["id"] for one in egret.get("topology")["vpcs"]}
    egret.ec2.describe_vpcs()
    egret.server.client("apprunner").list_services()
    assert egret.get("status")["snapshot"] == changed["snapshot"]


def test_an_explanation_is_that_of_the_command_line(egret):
    from conftest import EGRET
    for to in (API, "api.example.com:80"):
        done = subprocess.run([EGRET, "explain", SCENARIO, "--from", "web", "--to", to, "--format", "json"],
                              capture_output=True, text=True)
        told = egret.get("explain", **{"from": "web", "to": to})["analysis"]
        said = json.loads(done.stdout)
        assert list(told) == list(said)
        assert told["NetworkPathFound"] == said["NetworkPathFound"]
        kinds = [[hop["Component"]["Name"] for hop in one["ForwardPathComponents"]] for one in (told, said)]
        assert kinds[0] == kinds[1]
        codes = [[why["ExplanationCode"] for why in one["Explanations"]] for one in (told, said)]
        assert codes[0] == codes[1]


@pytest.mark.parametrize("query, field", [
    ({"from": "wbe", "to": API}, "from"),
    ({"from": "web", "to": "api.example.org:443"}, "to"),
    ({"from": "web", "to": "api.example.com:99999"}, "to"),
    ({"from": "web", "to": API, "protocol": "tcpp"}, "protocol"),
    ({"from": "web", "to": API, "source_port": "x"}, "source_port"),
    ({"from": "web", "to": API, "icmp": "8/x"}, "icmp"),
    ({"from": "web", "to": API, "icmp": "8/0", "protocol": "udp"}, "icmp"),
])
def test_what_cannot_be_explained_is_said_with_the_parameter(egret, query, field):
    answer = requests.get(f"{egret.server.url}/egret/v1/explain", params=query, timeout=20)
    error = answer.json()["error"]
    assert answer.status_code in (400, 404, 422) and error["field"] == field and error["message"]


# Live traffic


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_traffic_runs_both_ways_at_its_rate(egret, protocol):
    if protocol == "udp":
        group = egret.named("security_groups", "web")
        egret.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[
            {"IpProtocol": "udp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": ANYWHERE}]}])
    # Where it is not known what listens, somebody does.
    run = egret.start(to="203.0.113.99:443", protocol=protocol, rate=500, flows=6, seconds=2)
    over = eventually(lambda: (now := egret.traffic(run))["state"] == "ended" and now)
    assert 950 <= over["sent"] <= 1050 and over["behind"] == 0
    assert over["sent"] == over["delivered"] == over["answers"] == over["answers_delivered"]
    assert over["sent_bytes"] == 128 * over["sent"]
    assert over["verdict"]["outcome"] == "delivered"
    assert balanced(egret.stop(run))["state"] == "ended"
    egret.get(f"traffic/{run['id']}", status=404)


def test_where_nobody_listens_tcp_is_refused_and_udp_not_answered(egret):
    group = egret.named("security_groups", "web")
    for protocol in ("tcp", "udp"):
        egret.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[
            {"IpProtocol": protocol, "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": ANYWHERE}]}])
        run = egret.start(to="api.example.com:80", protocol=protocol, rate=200, flows=3)
        assert egret.verdict(run) == egret.explain(to="api.example.com:80", protocol=protocol)
        eventually(lambda: egret.traffic(run)["sent"] > 20)
        over = balanced(egret.stop(run))
        assert over["refused"] == over["delivered"] == over["sent"]
        assert over["answers"] == over["answers_delivered"] == (over["sent"] if protocol == "tcp" else 0)


def test_icmp_is_not_what_a_shared_interface_carries(egret):
    run = egret.start(to="api.example.com", protocol="icmp")
    assert egret.verdict(run) == ("dropped", "hyperplane-protocol")
    assert egret.explain(to="api.example.com", protocol="icmp") == ("dropped", "hyperplane-protocol")
    assert balanced(egret.stop(run))["state"] == "stopped"


def test_a_revoked_rule_bites_new_flows_and_spares_tracked_ones(egret):
    group = egret.named("security_groups", "web")
    rule = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": ANYWHERE}]}]
    kept, fresh = egret.start(rate=100, flows=4), egret.start(rate=100, flows=4, renew=1)
    egret.agrees(kept, fresh, on=("delivered", None))
    eventually(lambda: egret.traffic(kept)["delivered"] > 20)  # All flows have begun.
    egret.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=rule)
    egret.agrees(fresh, on=("dropped", "security-group-egress-empty"))
    assert egret.verdict(kept, egret.epoch()) == ("delivered", None), "a tracked flow outlives its rule"
    egret.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rule)
    egret.agrees(kept, fresh, on=("delivered", None))
    assert balanced(egret.stop(kept))["dropped"] == 0
    assert balanced(egret.stop(fresh))["dropped"] > 0


def test_a_deleted_route_bites_every_flow(egret):
    table, nat = egret.named("route_tables", "private-a"), egret.get("topology")["nat_gateways"]
    nat = next(one["id"] for one in nat if one["addresses"][0]["public_ip"] == "198.51.100.10")
    runs = egret.start(rate=100, flows=4), egret.start(rate=100, flows=4, renew=1)
    egret.agrees(*runs, on=("delivered", None))
    egret.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE)
    egret.agrees(*runs, on=("dropped", "no-route"))
    egret.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, NatGatewayId=nat)
    egret.agrees(*runs, on=("delivered", None))
    for run in runs:
        assert balanced(egret.stop(run))["verdict_changes"] >= 2


@pytest.mark.parametrize("egress, outcome", [
    (True, ("dropped", "network-acl-egress")),
    (False, ("no-reply", "network-acl-ingress")),
])
def test_a_denying_entry_bites_every_flow(egret, egress, outcome):
    subnet = egret.named("subnets", "app-a")
    vpc = egret.get("topology")["vpcs"][0]["id"]
    acl = egret.ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    for out in (True, False):
        egret.ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Protocol="-1", Egress=out,
                                           RuleAction="allow", CidrBlock=ANYWHERE)
    acls = egret.ec2.describe_network_acls()["NetworkAcls"]
    association = next(one["NetworkAclAssociationId"] for acl in acls for one in acl["Associations"]
                       if one["SubnetId"] == subnet)
    egret.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    runs = egret.start(rate=100, flows=4), egret.start(rate=100, flows=4, renew=1)
    egret.agrees(*runs, on=("delivered", None))
    egret.ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=10, Protocol="6", Egress=egress,
                                       RuleAction="deny", CidrBlock=ANYWHERE,
                                       PortRange={"From": 1, "To": 65535})
    egret.agrees(*runs, on=outcome)
    egret.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=10, Egress=egress)
    egret.agrees(*runs, on=("delivered", None))
    for run in runs:
        drops = balanced(egret.stop(run))["drops"]
        assert {drop["element"]["id"] for drop in drops} == {acl}
        assert {drop["way"] for drop in drops} == {"forward" if egress else "return"}


def test_a_detached_internet_gateway_bites_every_flow(egret):
    igw, vpc = egret.get("topology")["internet_gateways"][0]["id"], egret.get("topology")["vpcs"][0]["id"]
    # A gateway with public addresses behind it cannot be detached, so its route goes.
    table = egret.named("route_tables", "public")
    run = egret.start(rate=100)
    egret.agrees(run, on=("delivered", None))
    egret.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE)
    assert egret.agrees(run)[0] == "dropped"
    egret.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, GatewayId=igw)
    egret.agrees(run, on=("delivered", None))
    assert vpc and balanced(egret.stop(run))


def test_a_source_that_goes_sends_nothing_any_more(egret):
    subnet, group = egret.named("subnets", "app-a"), egret.named("security_groups", "web")
    nic = egret.ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]
    source = {"from": nic["NetworkInterfaceId"]}
    run = egret.start(**source, rate=100)
    egret.agrees(run, **source, on=("delivered", None))
    egret.ec2.delete_network_interface(NetworkInterfaceId=nic["NetworkInterfaceId"])
    egret.agrees(run, **source, on=("dropped", "unknown-interface"))
    assert balanced(egret.stop(run))


def test_a_service_takes_another_way_from_its_next_packet_on(egret):
    run = egret.start(rate=100)
    egret.agrees(run, on=("delivered", None))
    runner = egret.server.client("apprunner")
    [service] = runner.list_services()["ServiceSummaryList"]
    public = {"EgressConfiguration": {"EgressType": "DEFAULT"}}
    runner.update_service(ServiceArn=service["ServiceArn"], NetworkConfiguration=public)
    def by_the_provider():
        kinds = [hop["Component"]["Name"] for hop in
                 egret.get("explain", **{"from": "web", "to": API})["analysis"]["ForwardPathComponents"]]
        return "nat-gateway" not in kinds
    eventually(by_the_provider)
    egret.agrees(run, on=("delivered", None))
    flows = eventually(lambda: egret.get("flows", service="web")["flows"])
    eventually(lambda: any(made["by"] is None for flow in egret.get("flows", service="web")["flows"]
                           for made in flow["translations"]))
    assert flows and balanced(egret.stop(run))


def test_nothing_is_lost_while_the_configuration_changes_all_the_time(egret):
    runs = [egret.start(rate=2000, flows=50), egret.start(rate=200, flows=10, renew=5)]
    group = egret.named("security_groups", "web")
    before = egret.epoch()
    eventually(lambda: all(egret.traffic(run)["sent"] > 100 for run in runs))
    for port in range(1000, 1040):
        egret.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": ANYWHERE}]}])
    assert egret.epoch() >= before + 40
    for run in runs:
        over = balanced(egret.stop(run))
        assert over["dropped"] == 0 and over["sent"] > 100, over


@pytest.mark.parametrize("plan, field", [
    ({"rate": 0}, "rate"), ({"rate": 1_000_001}, "rate"), ({"rate": -1}, "rate"), ({"rate": "fast"}, "rate"),
    ({"size": 51}, "size"), ({"size": 9002}, "size"), ({"flows": 0}, "flows"), ({"flows": 10_001}, "flows"),
    ({"renew": 0}, "renew"), ({"to": "203.0.113.10:443", "protocol": "icmp"}, "to"), ({"seconds": 0}, "seconds"), ({"protocol": "sctp"}, "protocol"),
    ({"from": "wbe"}, "from"), ({"to": "nobody"}, "to"), ({"to": ""}, "to"), ({"speed": 1}, "speed"),
])
def test_what_cannot_be_sent_is_said_with_the_field(egret, plan, field):
    body = {"from": "web", "to": API} | plan
    answer = requests.post(f"{egret.server.url}/egret/v1/traffic", json=body, timeout=20)
    error = answer.json()["error"]
    assert answer.status_code in (400, 404, 422), answer.text
    assert error["field"] == field and error["message"]
    assert egret.get("traffic")["traffic"] == []


def test_there_is_a_limit_to_runs_and_those_that_are_over_make_room(egret):
    short = egret.start(seconds=1)
    eventually(lambda: egret.traffic(short)["state"] == "ended")
    runs = [egret.start(rate=1) for _ in range(63)]
    last = egret.start(rate=1)
    assert last["id"] == runs[-1]["id"] + 1
    egret.get(f"traffic/{short['id']}", status=404)
    error = egret.start(status=409, rate=1)["error"]
    assert error["code"] == "too-many-runs" and error["hint"]
    egret.stop(runs[0])
    egret.start(rate=1)


# A scenario's own traffic


class Scenario(Egret):
    """The same, of a scenario whose traffic is sent."""

    def __init__(self, serve, name):
        super().__init__(serve("--scenario", ROOT / "scenarios" / name))

    def send(self, status=201, **body):
        return self.ask("POST", "/egret/v1/traffic/scenario", status, json=body)

    def runs(self, name=None):
        return [run for run in self.get("traffic")["traffic"] if name in (None, run["name"])]


@pytest.mark.parametrize("name", [
    "22-idle-connection", "23-keepalive", "24-port-exhaustion", "25-second-nat-address", "26-zone-lost",
    "27-rule-revoked-or-denied", "28-s3-endpoint-under-load", "29-path-mtu-black-hole", "30-resolver-limit",
])
def test_a_scenarios_traffic_fares_as_explanations_say(serve, name):
    egret = Scenario(serve, name)
    sent = egret.send()
    assert sent["started"] and sent["left_out"] == []
    assert [run["id"] for run in egret.runs()] == [run["id"] for run in sent["started"]]
    explained = {}
    for run in sent["started"]:
        if run["state"] == "waiting":
            over = egret.stop(run)
            assert (over["state"], over["sent"], over["verdict"]) == ("stopped", 0, None)
            continue
        question = {key: run[key] for key in ("from", "to", "protocol")}
        key = tuple(question.values())
        if key not in explained:
            explained[key] = egret.explain(**question)
        assert egret.verdict(run) == explained[key], run
        over = balanced(egret.stop(run))
        assert over["sent"] > 0 and over["name"] == run["name"]
    assert egret.runs() == []


def test_a_noisy_neighbour_takes_the_ports_of_a_quiet_service(serve):
    """What `egret run` finds in virtual time is so by the clock on the wall."""
    egret = Scenario(serve, "31-noisy-neighbour")
    sent = egret.send()
    names = [run["name"] for run in sent["started"]]
    assert names == ["noisy to api"] * 10 + ["noisy to www"] * 10 + ["quiet before", "quiet after"]
    assert {run["state"] for run in sent["started"] if run["name"].startswith("quiet")} == {"waiting"}
    def ended(name):
        [run] = egret.runs(name)
        return run if run["state"] == "ended" else None
    before = balanced(egret.stop(eventually(lambda: ended("quiet before"))))
    assert before["verdict"]["outcome"] == "delivered"
    # Ten connections: a SYN and a request each, and a RST that ends it.
    assert (before["sent"], before["delivered"], before["answers"]) == (30, 30, 20)
    after = balanced(egret.stop(eventually(lambda: ended("quiet after"), within=30)))
    assert (after["delivered"], after["sent"]) == (0, after["dropped"])
    assert {drop["reason"] for drop in after["drops"]} == {"hyperplane-ports-exhausted"}
    assert after["verdict"]["reason"] == "hyperplane-ports-exhausted"


def test_a_rule_is_revoked_while_a_scenarios_traffic_runs(serve):
    egret = Scenario(serve, "27-rule-revoked-or-denied")
    sent = egret.send()["started"]
    [opened], fresh = [[run for run in sent if run["name"] == name] for name in ("open", "new")]
    egret.agrees(*sent, on=("delivered", None))
    group = egret.named("security_groups", "web")
    rules = next(one for one in egret.ec2.describe_security_groups()["SecurityGroups"]
                 if one["GroupId"] == group)["IpPermissionsEgress"]
    egret.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=rules)
    egret.agrees(*fresh, on=("dropped", "security-group-egress-empty"))
    assert egret.verdict(opened, egret.epoch()) == ("delivered", None)


def test_a_scenarios_traffic_starts_whole_or_not_at_all(serve):
    egret = Scenario(serve, "31-noisy-neighbour")
    only = ["quiet before", "quiet after"]
    assert [run["name"] for run in egret.send(only=only)["started"]] == only
    for run in egret.runs():
        egret.stop(run)
    for _ in range(43):
        egret.start(**{"from": "quiet", "to": "www.example.com:443"}, rate=1)
    error = egret.send(status=409)["error"]
    assert error["code"] == "too-many-runs" and "22" in error["message"] and error["hint"]
    assert len(egret.runs()) == 43
    egret.stop(egret.runs()[0])
    assert len(egret.send()["started"]) == 22
    # Those that wait for their time keep nobody waiting.
    begin = time.monotonic()
    assert egret.server.stop() == 0
    assert time.monotonic() - begin < 4


def test_what_cannot_be_sent_of_a_scenario_is_said(serve, egret):
    error = egret.ask("POST", "/egret/v1/traffic/scenario", 404, json={})["error"]
    assert error["code"] == "not-found" and "--scenario" in error["hint"]
    alone = Egret(serve())
    assert alone.ask("POST", "/egret/v1/traffic/scenario", 404, json={})["error"]["hint"]
    quiet = Scenario(serve, "31-noisy-neighbour")
    error = quiet.send(status=404, only=["quiet"])["error"]
    assert error["field"] == "only" and "`quiet before`" in error["hint"]
    assert quiet.send(status=400, speed=2)["error"]["field"] == "speed"
    # A page in a browser cannot have it sent unasked.
    quiet.ask("POST", "/egret/v1/traffic/scenario", 415)
    quiet.ask("GET", "/egret/v1/traffic/scenario", 405)
    assert quiet.runs() == []


# Counters and flows


def test_counters_elements_and_drops_add_up(egret):
    good, bad = egret.start(rate=200, flows=3), egret.start(to="api.example.com:80", rate=50)
    eventually(lambda: egret.traffic(good)["sent"] > 100)
    good, bad = egret.stop(good), egret.stop(bad)
    total = eventually(lambda: (now := egret.get("counters")["total"])["received"]
                       == good["sent"] + good["answers"] + bad["sent"] and now)
    assert total["received"] + total["taken_over"] == sum(
        total[fate] for fate in ("forwarded", "replied", "dropped", "held", "handed_over"))
    assert total["dropped"] == bad["dropped"] == bad["sent"]
    [drop] = egret.get("drops")["drops"]
    assert (drop["reason"], drop["packets"]) == ("security-group-egress", bad["sent"])
    elements = {(one["element"]["kind"], one["element"].get("name") or one["element"]["id"]): one
                for one in egret.get("elements")["elements"]}
    both = good["sent"] + good["answers"]
    assert elements["nat-gateway", "nat-a"]["packets"] == both
    assert elements["nat-gateway", "nat-a"]["bytes"] == good["sent_bytes"] * 2
    assert elements["security-group", "web"]["packets"] == both + bad["sent"]
    assert elements["security-group", "web"]["drops"] == {"security-group-egress": bad["sent"]}
    assert elements["service", "web"]["packets"] == good["sent"] + bad["sent"]
    [nat] = egret.get("elements", kind="nat-gateway")["elements"]
    assert nat == elements["nat-gateway", "nat-a"]
    assert egret.get("elements", status=400, kind="nat")["error"]["field"] == "kind"


def test_flows_are_listed_by_page_with_their_counters(egret):
    run = egret.start(rate=400, flows=40)
    eventually(lambda: egret.traffic(run)["delivered"] > 100)
    egret.start(**{"from": "web/1"}, rate=100, flows=2)
    def pages(limit=7, **query):
        found, token = [], None
        while True:
            page = egret.get("flows", limit=limit, **query, **({"token": token} if token else {}))
            assert len(page["flows"]) <= limit
            found += page["flows"]
            token = page["next_token"]
            if token is None:
                return found
    flows = eventually(lambda: len(found := pages()) == 42 and found)
    assert len({flow["sent"]["source"] for flow in flows if flow["from"]["id"] == "web/0"}) == 40
    assert {flow["worker"] for flow in flows} == {0, 1}
    for flow in flows:
        assert flow["state"] == "established" and flow["to"]["kind"] == "internet"
        assert [made["by"]["kind"] for made in flow["translations"]] == ["hyperplane-eni", "nat-gateway"]
        assert flow["forward"]["packets"] - flow["back"]["packets"] in (0, 1)
        assert flow["arrives"]["source"] == flow["translations"][-1]["source"].replace(
            flow["translations"][-1]["source"].split(":")[0], flow["arrives"]["source"].split(":")[0])
    assert len(pages(service="web")) == 42 and pages(service="web", protocol="udp") == []
    eni = next(flow["translations"][0]["by"]["id"] for flow in flows if flow["from"]["id"] == "web/1")
    assert len(pages(interface=eni)) == 2
    egret.stop(run)
    for query, field in (({"limit": 0}, "limit"), ({"token": "9.x"}, "token"), ({"service": "x"}, "service"),
                         ({"interface": "eni-0"}, "interface"), ({"protocol": "x"}, "protocol")):
        answer = requests.get(f"{egret.server.url}/egret/v1/flows", params=query, timeout=20)
        assert answer.status_code in (400, 404) and answer.json()["error"]["field"] == field


# Events


class Listener:
    """Events as they come."""

    def __init__(self, egret):
        self.events = []
        self.answer = requests.get(f"{egret.server.url}/egret/v1/events", stream=True, timeout=20)
        assert self.answer.headers["content-type"] == "text/event-stream"
        self.ended = threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()
        eventually(lambda: self.events)

    def listen(self):
        name = None
        # A server that is killed ends no stream as it should.
        with contextlib.suppress(requests.exceptions.ChunkedEncodingError):
            for line in self.answer.iter_lines(decode_unicode=True, chunk_size=1):
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    event = json.loads(line.removeprefix("data: "))
                    assert event["type"] == name
                    self.events.append(event)
            self.ended.set()

    def wait(self, type, **members):
        def seen():
            same = [one for one in self.events if one["type"] == type
                    and all(one.get(name) == value for name, value in members.items())]
            return same[-1] if same else None
        return eventually(seen)


def test_events_tell_of_changes_configurations_verdicts_and_drops(egret):
    listener = Listener(egret)
    assert listener.events[0]["type"] == "status" and listener.events[0]["epoch"] == egret.epoch()
    run = egret.start(rate=100, renew=1)
    assert listener.wait("verdict", traffic=run["id"])["verdict"]["outcome"] == "delivered"
    group = egret.named("security_groups", "web")
    rule = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": ANYWHERE}]}]
    egret.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=rule)
    accepted = listener.wait("accepted", action="RevokeSecurityGroupEgress")
    adopted = listener.wait("adopted", epoch=egret.epoch())
    assert adopted["revision"] == accepted["revision"] == egret.get("status")["revision"]
    told = listener.wait("verdict", traffic=run["id"], before="delivered")["verdict"]
    assert (told["outcome"], told["reason"]) == ("dropped", "security-group-egress-empty")
    assert told["element"]["name"] == "web" and told["epoch"] == adopted["epoch"]
    listener.wait("drops", reason="security-group-egress-empty")
    begin = len(listener.events)
    time.sleep(1)
    drops = [one for one in listener.events[begin:] if one["type"] == "drops"]
    assert 5 <= len(drops) <= 12, "ten times a second, whatever the rate"
    egret.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rule)
    assert listener.wait("verdict", traffic=run["id"], before="dropped")["verdict"]["outcome"] == "delivered"


def test_what_happens_by_itself_is_told_too(egret):
    listener = Listener(egret)
    subnet = egret.named("subnets", "app-b")
    egret.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    made = listener.wait("accepted", action="CreateNatGateway")
    # It becomes available.
    listener.wait("state", kind="nat-gateway", state="available")
    eventually(lambda: any(one["type"] == "accepted" and one["action"] is None
                           and one["revision"] > made["revision"] for one in listener.events))


def test_listeners_who_do_not_read_keep_nobody_waiting(egret):
    listeners = [requests.get(f"{egret.server.url}/egret/v1/events", stream=True, timeout=20)
                 for _ in range(64)]
    egret.get("events", status=503)
    egret.start(to="api.example.com:80", rate=1000, flows=100)
    for number in range(30):
        egret.ec2.create_tags(Resources=[egret.get("topology")["vpcs"][0]["id"]],
                              Tags=[{"Key": "n", "Value": str(number)}])
    assert egret.get("status")["revision"] > 30
    for listener in listeners:
        listener.close()
    # Their places are free again.
    def free():
        answer = requests.get(f"{egret.server.url}/egret/v1/events", stream=True, timeout=20)
        status = answer.status_code
        answer.close()
        return status == 200
    eventually(free)


def test_a_server_stops_with_traffic_and_listeners(egret):
    listener = Listener(egret)
    for renew in (None, 1):
        egret.start(rate=2000, flows=20, renew=renew)
    time.sleep(0.5)
    begin = time.monotonic()
    assert egret.server.stop() == 0
    assert time.monotonic() - begin < 4
    assert listener.ended.wait(5)
    assert not [line for line in egret.server.log if line.get("level") == "ERROR"]


# Metrics


def metrics(egret):
    answer = requests.get(f"{egret.server.url}/metrics", timeout=20)
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def value(families, sample, **labels):
    found = [one.value for family in families.values() for one in family.samples
             if one.name == sample and labels.items() <= one.labels.items()]
    assert len(found) == 1, f"{sample} {labels}: {found}"
    return found[0]


def test_prometheus_reads_the_metrics(egret):
    run = egret.start(to="api.example.com:80", rate=100)
    eventually(lambda: egret.traffic(run)["sent"] > 10)
    egret.ec2.create_vpc(CidrBlock="10.9.0.0/16")
    with pytest.raises(Exception):
        egret.ec2.create_vpc(CidrBlock="10.9.0.0/99")
    egret.server.aws("aws ec2 describe-vpcs")
    requests.get(f"{egret.server.url}/?Action=Nonsense{time.time()}", timeout=20)
    over = egret.stop(run)
    eventually(lambda: egret.get("counters")["total"]["dropped"] == over["dropped"])
    families = metrics(egret)
    asked = {"service": "EC2", "action": "CreateVpc"}
    assert value(families, "egret_requests_total", **asked, status="200") == 1
    assert value(families, "egret_requests_total", **asked, status="400") == 1
    assert value(families, "egret_requests_total", service="EC2", action="unknown", status="400") == 1
    assert value(families, "egret_requests_total", service="Egret", action="POST /egret/v1/traffic",
                 status="201") == 1
    assert value(families, "egret_request_seconds_count", service="EC2") >= 3
    assert value(families, "egret_changes_total") >= 1
    assert value(families, "egret_commit_seconds_count") >= 1
    assert value(families, "egret_epoch") == egret.epoch()
    assert value(families, "egret_revision") == egret.get("status")["revision"]
    assert value(families, "egret_ready") == 1
    assert value(families, "egret_compile_seconds") > 0
    assert value(families, "egret_adoption_seconds") > 0
    assert value(families, "egret_traffic_runs") == 0
    assert value(families, "egret_connections") >= 1
    assert value(families, "egret_drops_total", reason="security-group-egress") == over["dropped"]
    assert value(families, "egret_packets_total", fate="received") == over["sent"]
    assert value(families, "egret_element_drops_total", kind="hyperplane-eni") == 0
    assert value(families, "egret_flow_capacity") > 0
    before = value(families, "egret_packets_total", fate="received")
    assert value(metrics(egret), "egret_packets_total", fate="received") >= before


def test_commits_are_counted_with_their_changes(serve, tmp_path):
    egret = Egret(serve("--data", tmp_path / "data"))
    for network in range(4):
        egret.ec2.create_vpc(CidrBlock=f"10.{network}.0.0/16")
    families = metrics(egret)
    commits = value(families, "egret_commits_total")
    assert 1 <= commits <= value(families, "egret_committed_changes_total")
    assert value(families, "egret_committed_changes_total") >= value(families, "egret_changes_total") == 4


# Who may ask, and how


@pytest.fixture
def guarded(serve, tmp_path):
    file = tmp_path / "credentials"
    file.write_text("[default]\n" + "".join(f"{name.lower()} = {value}\n" for name, value in KEYS.items()))
    return Egret(serve("--scenario", SCENARIO, "--credentials", file))


def signed(server, path, keys, method="GET", body=None):
    secret = botocore.credentials.Credentials(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    request = botocore.awsrequest.AWSRequest(method, f"{server.url}{path}", data=body,
                                             headers={"content-type": "application/json"})
    botocore.auth.SigV4Auth(secret, "egret", REGION).add_auth(request)
    return requests.request(method, f"{server.url}{path}", headers=dict(request.headers), data=body, timeout=20)


def test_the_api_is_no_back_door(guarded):
    wrong = {**KEYS, "AWS_SECRET_ACCESS_KEY": "x"}
    paths = ["/egret/v1/status", "/egret/v1/topology", "/egret/v1/events", "/egret/v1/openapi.json",
             "/egret/v1/explain?from=web&to=10.0.0.1%3A1", "/egret/v1/flows?limit=1", "/metrics"]
    basic = KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"]
    for path in paths:
        for answer in (requests.get(guarded.server.url + path, timeout=20),
                       requests.get(guarded.server.url + path, auth=("x", "y"), timeout=20),
                       requests.get(guarded.server.url + path, auth=(basic[0], "y"), timeout=20),
                       signed(guarded.server, path, wrong)):
            assert answer.status_code == 401, path
            assert answer.json()["error"]["code"] == "not-believed"
            assert answer.headers["www-authenticate"].startswith("Basic")
        if "events" not in path:
            assert signed(guarded.server, path, KEYS).status_code == 200, path
            assert requests.get(guarded.server.url + path, auth=basic, timeout=20).status_code == 200, path
    plan = json.dumps({"from": "web", "to": API})
    assert signed(guarded.server, "/egret/v1/traffic", wrong, "POST", plan).status_code == 401
    assert signed(guarded.server, "/egret/v1/traffic", KEYS, "POST", plan).status_code == 201
    bad = {"authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()}
    assert requests.get(f"{guarded.server.url}/metrics", headers=bad, timeout=20).status_code == 401
    for path in ("/health/live", "/health/ready"):
        assert requests.get(guarded.server.url + path, timeout=20).status_code == 200


def test_errors_have_one_shape(egret):
    url = f"{egret.server.url}/egret/v1"
    json_kind = {"content-type": "application/json"}
    for status, answer in {
        404: requests.get(f"{url}/nothing", timeout=20),
        405: requests.put(f"{url}/traffic", timeout=20),
        413: requests.post(f"{url}/traffic", data=b"x" * (1 << 21), headers=json_kind, timeout=20),
        415: requests.post(f"{url}/traffic", data="{}", timeout=20),
        400: requests.post(f"{url}/traffic", data="{", headers=json_kind, timeout=20),
    }.items():
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert error["code"] and error["message"]
        assert answer.headers["x-amzn-requestid"]
    # A line in the log for each.
    said = lambda: [line["fields"] for line in egret.server.log if line["fields"].get("service") == "Egret"]
    eventually(lambda: {404, 405, 413, 415, 400} <= {line["status"] for line in said()})


def test_schemathesis_finds_nothing(egret, tmp_path):
    """The document, and what is answered to everything that it allows and to much that it does not."""
    assert egret.ask("GET", "/egret/v1/openapi.json")["openapi"].startswith("3.1")
    tool = Path(sys.executable).parent / "schemathesis"
    done = subprocess.run(
        [tool, "--config-file", ROOT / "outside" / "schemathesis.toml", "run",
         f"{egret.server.url}/egret/v1/openapi.json"],
        capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr
    assert egret.server.process.poll() is None
    assert requests.get(f"{egret.server.url}/health/ready", timeout=20).status_code == 200
