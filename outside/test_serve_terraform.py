"""What real Terraform asks of `egret serve` to make, change and destroy a VPC over three zones.

terraform/ has its configuration, and terraform/requests.json what Terraform asked of it, as terraform/record.py
recorded. Each request is asked again here, in the same order, and each answer must be as it was. So this needs
no Terraform; whoever has one runs record.py.
"""

import json
import re
from pathlib import Path

import pytest
from network import everything, explained
from recording import Answer, Replay, as_before_terraform, is_read, without_ids

RECORDING = Path(__file__).parent / "terraform" / "requests.json"


@pytest.fixture
def recording():
    return json.loads(RECORDING.read_text())


@pytest.fixture(params=[1, 7])
def replay(request, serve, recording):
    """Other seeds make other ids: what was recorded holds of them, too."""
    server = serve("--no-quotas", "--seed", request.param)
    replay = Replay(server.url, recording)
    replay.server = server
    return replay


def test_the_recording_has_all_kinds_of_requests(recording):
    actions = {row["action"] for row in recording["requests"] if "action" in row}
    assert sum(not is_read(action) for action in actions) > 60 and len(actions) > 100
    assert len(RECORDING.read_bytes()) < 300_000
    assert not re.search(r"/(home|root|tmp)/", RECORDING.read_text())


def test_what_counts_as_another_answer():
    def answer(text, status=200):
        return Answer(status, f"<R>{text}</R>")

    def differs(is_now, was):
        return set(is_now.differs(was.status, was.shape, was.says))

    empty, one = answer("<vpcSet/>"), answer("<vpcSet><item><vpcId>a</vpcId><state>pending</state></item></vpcSet>")
    more = answer("<vpcSet><item><vpcId>b</vpcId><state>pending</state><isDefault>x</isDefault></item></vpcSet>")
    assert differs(one, one) == differs(more, one) == set()
    assert differs(one, more) == {"less"}
    assert differs(empty, one) == {"less", "says"} and "filled" in differs(one, empty)
    assert differs(answer(one.text[3:-4].replace("pending", "available")), one) == {"says"}
    assert differs(answer(one.text[3:-4], 400), one) == {"status"}


def test_terraform_applies_changes_and_destroys(replay, tmp_path):
    server = replay.server
    ec2 = server.client("ec2")
    before = everything(ec2)
    assert replay.run(until="applied") > 200
    # HTTPS to anywhere, by the gateway of the task's zone; what no rule allows, not.
    delivered, text = explained(server, tmp_path / "applied", "web-service", "203.0.113.200:443")
    assert delivered and "0.0.0.0/0" in text
    assert not explained(server, tmp_path / "none", "web-service", "203.0.113.200:80")[0]

    assert replay.run(until="changed") > 50
    # The ACL lets answers in from port 32768 on alone, and a NAT gateway takes ports from 1024 on.
    delivered, text = explained(server, tmp_path / "changed", "web-service", "203.0.113.200:443")
    assert not delivered and "network-acl" in text

    assert replay.run(until="destroyed") > 100
    as_before_terraform(ec2)
    assert without_ids(everything(ec2)) == without_ids(before)
    app_runner = server.client("apprunner")
    assert app_runner.list_services()["ServiceSummaryList"] == []
    assert app_runner.list_vpc_connectors()["VpcConnectors"] == []
    assert not [row for row in server.log if "not implemented" in json.dumps(row)]
