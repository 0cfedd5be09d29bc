"""Who is believed: `egret serve --credentials`, and clients that sign rightly, wrongly, and not at all."""

import subprocess

import botocore.exceptions
import pytest
from botocore import UNSIGNED
from serve import EGRET, KEYS, code_of

OTHER = {"AWS_ACCESS_KEY_ID": "AKIDOTHER", "AWS_SECRET_ACCESS_KEY": "x"}
WRONG = {**KEYS, "AWS_SECRET_ACCESS_KEY": "x"}


@pytest.fixture
def server(serve, tmp_path):
    file = tmp_path / "credentials"
    settings = "\n".join(f"{name.lower()} = {value}" for name, value in KEYS.items())
    file.write_text(f"[default]\nregion = us-east-1\n{settings}\n")
    return serve("--credentials", file)


def test_who_has_the_secret_is_believed(server):
    assert server.client("sts").get_caller_identity()
    assert server.client("ec2").describe_vpcs()["Vpcs"]
    assert server.client("apprunner").list_services()["ServiceSummaryList"] == []
    assert server.aws("aws ec2 describe-vpcs --filters Name=tag:Name,Values=a+b/c*") == {"Vpcs": []}


@pytest.mark.parametrize("service, call, unknown, mismatch, unsigned", [
    ("sts", "get_caller_identity", "InvalidClientTokenId", "SignatureDoesNotMatch", "MissingAuthenticationToken"),
    ("ec2", "describe_vpcs", "AuthFailure", "AuthFailure", "AuthFailure"),
    ("apprunner", "list_services", "UnrecognizedClientException", "InvalidSignatureException",
     "MissingAuthenticationTokenException"),
])
def test_nobody_else_is(server, service, call, unknown, mismatch, unsigned):
    assert code_of(getattr(server.client(service, OTHER), call))[0] == unknown
    assert code_of(getattr(server.client(service, WRONG), call))[0] == mismatch
    said = code_of(getattr(server.client(service, signature_version=UNSIGNED), call))[0]
    assert said in (unsigned, "AuthFailure"), "without a signature it is hard to tell STS from EC2"


def test_a_request_that_was_changed_on_its_way_is_refused(server):
    client = server.client("ec2")

    def change(request, **_):
        request.body = request.body.replace("DescribeVpcs", "DescribeTags")

    client.meta.events.register("before-send", lambda request, **_: change(request))
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client.describe_vpcs()
    assert caught.value.response["Error"]["Code"] == "AuthFailure"


def test_a_file_that_is_no_such_file_is_refused(tmp_path):
    file = tmp_path / "credentials"
    for text, said in (("what", f"{file}:1:1: write a setting as"), ("", "there is no aws_access_key_id")):
        file.write_text(text)
        done = subprocess.run([EGRET, "serve", "--credentials", file], capture_output=True, text=True)
        assert done.returncode == 2 and said in done.stderr
