"""The shipped scenarios: of each expectation an analysis against `egret serve` says what `egret explain` says."""

import json
import subprocess

import pytest
import yaml
from network import by
from reachability import analyse, codes
from serve import EGRET, ROOT


def expectations():
    for folder in sorted((ROOT / "scenarios").iterdir()):
        file = folder / "scenario.yaml"
        for said in (yaml.safe_load(file.read_text()).get("expect") or []) if file.exists() else []:
            if said.get("protocol", "tcp") in ("tcp", "udp"):
                to = f"{said['from']} to {said['to']}"
                yield pytest.param(folder.name, said, id=f"{folder.name}: {to}")


def explained(scenario, said):
    command = [EGRET, "explain", f"scenarios/{scenario}", "--from", said["from"], "--to", str(said["to"]),
               "--protocol", said.get("protocol", "tcp"), "--all", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("scenario, said", list(expectations()))
def test_an_analysis_says_what_explain_says(serve, scenario, said):
    expected = explained(scenario, said)
    first, *others = expected["ForwardPathComponents"]
    header = first["InboundHeader"]
    server = serve("--scenario", f"scenarios/{scenario}")
    ec2, source = server.client("ec2"), said["from"].split("/")[0]
    services = server.client("apprunner").list_services()["ServiceSummaryList"]
    arns = {service["ServiceName"]: service["ServiceArn"] for service in services}
    path = {"DestinationIp": header["DestinationAddresses"][0].split("/")[0],
            "DestinationPort": header["DestinationPortRanges"][0]["From"],
            "Protocol": {"6": "tcp", "17": "udp"}[header["Protocol"]]}
    if source in arns:
        # Which task it is, its ENI's address says.
        enis = [other for other in others if other["Component"]["Name"] == "hyperplane-eni"]
        addresses = [eni["OutboundHeader"]["SourceAddresses"][0].split("/")[0] for eni in enis]
        path |= {"SourceIp": address for address in addresses[:1]}
    else:
        filters = by(**{"tag:Name": [source]})
        named = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        arns[source] = named[0]["NetworkInterfaceId"]
    found = analyse(ec2, arns[source], **path)
    assert found["NetworkPathFound"] == expected["NetworkPathFound"] == (said["outcome"] == "delivered")
    assert codes(found) == [e["ExplanationCode"] for e in expected["Explanations"]]
    if said.get("code"):
        assert codes(found)[0] == said["code"]
