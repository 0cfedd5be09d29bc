"""The App Runner guide's own two commands, as they are, by the real aws CLI."""

import os
from pathlib import Path

import pytest
from serve import ROOT, eventually

GUIDE = ROOT / "scenarios" / "18-documentation-example"
FILES = ("vpc-connector.json", "service.json")


@pytest.fixture
def folder(tmp_path):
    """Where the guide has its files, `/`, if we may write there; else a folder in its place."""
    root = Path("/")
    free = os.access(root, os.W_OK) and not any((root / name).exists() for name in FILES)
    folder = root if free else tmp_path
    for name in FILES:
        (folder / name).write_text((GUIDE / name).read_text())
    yield str(folder).rstrip("/")
    for name in FILES:
        (folder / name).unlink()


def test_the_guides_commands_work_as_they_are(serve, folder):
    server = serve("--scenario", GUIDE / "aws")
    made = server.aws(
        f"aws apprunner create-vpc-connector --cli-input-json file://{folder}/vpc-connector.json"
    )["VpcConnector"]
    assert made["VpcConnectorName"] == "my-vpc-connector" and made["Status"] == "ACTIVE"
    assert made["SecurityGroups"] == ["sg-1", "sg-2"]
    service = server.aws(
        f"aws apprunner create-service --cli-input-json file://{folder}/service.json"
    )["Service"]
    # The guide's ARN is cut short; what comes of it is whole.
    egress = service["NetworkConfiguration"]["EgressConfiguration"]
    assert egress == {"EgressType": "VPC", "VpcConnectorArn": made["VpcConnectorArn"]}

    def running():
        shown = server.aws(f"aws apprunner describe-service --service-arn {service['ServiceArn']}")
        return shown["Service"]["Status"] == "RUNNING"

    eventually(running)
    listed = server.aws("aws apprunner list-vpc-connectors")["VpcConnectors"]
    assert listed == [made]
    assert server.aws("aws sts get-caller-identity")["Account"] == "123456789012"
    assert server.stop() == 0
