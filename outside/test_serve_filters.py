"""Every filter that EC2's own model tells of, for each action that describes: it is known, and a filter that no
action has is not. What filters find is tested with each kind."""

import re
import tomllib

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from serve import ROOT, Server, code_of

MODEL = Loader().load_service_model("ec2", "service-2")
ACTIONS = tomllib.loads((ROOT / "server" / "shapes" / "actions.toml").read_text())["ec2"]["actions"].split()


def documented(action):
    """The names of an action's filters, as its documentation lists them."""
    members = MODEL["shapes"][MODEL["operations"][action]["input"]["shape"]]["members"]
    if "Filters" not in members:
        return []
    listed = re.findall(r"<li>\s*<p>\s*<code>([^<]+)</code>", members["Filters"].get("documentation", ""))
    return [name for name in listed if not name.startswith("tag")]


def wanted(action):
    return set(MODEL["shapes"][MODEL["operations"][action]["input"]["shape"]].get("required", [])) - {"Filters"}


DESCRIBING = [action for action in ACTIONS if documented(action) and not wanted(action)]


def test_the_model_lists_filters():
    assert len(DESCRIBING) > 20 and "DescribeNetworkInterfaces" in DESCRIBING
    assert len(documented("DescribeNetworkInterfaces")) > 30


@pytest.fixture(scope="module")
def ec2():
    server = Server()
    yield server.client("ec2")
    server.kill()


@pytest.mark.parametrize("action", DESCRIBING)
def test_the_filters_of_an_action_are_known(ec2, action):
    call = getattr(ec2, xform_name(action))
    member = next(iter(set(call()) - {"ResponseMetadata", "NextToken"}))
    for name in documented(action):
        assert call(Filters=[{"Name": name, "Values": ["zzz"]}])[member] == [], name
    assert code_of(call, Filters=[{"Name": "colour", "Values": ["red"]}]) == (
        "InvalidParameterValue", "The filter 'colour' is invalid")
