"""What no client sends: answered with AWS's error, or closed; and the server lives on."""

import random
import socket
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from network import server
from serve import code_of

SEED = 7
JSON = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AppRunner.CreateService"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def post(server, body, headers, path="/"):
    """Status and text of an answer."""
    request = urllib.request.Request(server.url + path, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def raw(server, data, wait=5, close=False):
    """What comes back for these bytes."""
    at = urlsplit(server.url)
    with socket.create_connection((at.hostname, at.port), timeout=wait) as connection:
        try:
            connection.sendall(data)
            if close:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
            return answer
        except (TimeoutError, ConnectionError):
            return None


def is_well(server):
    assert server.process.poll() is None
    assert server.client("sts").get_caller_identity()["Account"] == "123456789012"


def resident(server):
    """Kilobytes that the server holds."""
    status = open(f"/proc/{server.process.pid}/status").read()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


@pytest.mark.parametrize("body, headers, said", [
    (b"{", JSON, "SerializationException"),
    (b"[1]", JSON, "SerializationException"),
    (b"\xff\xfe", JSON, "SerializationException"),
    (b'{"ServiceName": 5}', JSON, "SerializationException"),
    (b"[" * 100_000, JSON, "SerializationException"),
    (b'{"a":' * 100_000, JSON, "SerializationException"),
    (b"{}", JSON, "Member must not be null"),
    (b"{}", {**JSON, "X-Amz-Target": "AppRunner.Nothing"}, "UnknownOperationException"),
    (b"{}", {**JSON, "X-Amz-Target": "DynamoDB_20120810.ListTables"}, "UnknownOperationException"),
    (b"{}", {**JSON, "X-Amz-Target": ""}, "UnknownOperationException"),
    (b"", FORM, "MissingAction"),
    (b"\xff=1", FORM, "MalformedQueryString"),
    (b"Action=%", FORM, "MalformedQueryString"),
    (b"Action=" + b"a." * 100 + b"=1", FORM, "InvalidAction"),
    (b"a." * 100 + b"=1&Action=DescribeVpcs", FORM, "MalformedQueryString"),
    (b"A=1&" * 20_000, FORM, "MalformedQueryString"),
    (b"Action=Nothing&Version=2016-11-15", FORM, "InvalidAction"),
    (b"Action=Nothing&Version=2011-06-15", FORM, "InvalidAction"),
    (b"Action=DescribeVpcs&Version=2016-11-15&VpcId.x=1", FORM, "UnknownParameter"),
    (b"Action=DescribeVpcs&Version=2016-11-15&MaxResults=x", FORM, "InvalidParameterValue"),
    (b"Action=DescribeVpcs&Version=2016-11-15&VpcId.99999999999999999999=x", FORM, "UnknownParameter"),
    (b"x" * (2 << 20), FORM, "RequestEntityTooLarge"),
])
def test_what_makes_no_sense_is_said_not_to(server, body, headers, said):
    status, text = post(server, body, headers)
    assert 400 <= status < 500 and said in text
    is_well(server)


def test_what_is_no_http_is_closed(server):
    for data in (b"\0" * 100, b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                 b"GET / HTTP/1.1\r\n" + b"".join(b"h%d: x\r\n" % n for n in range(500)) + b"\r\n",
                 b"GET / HTTP/1.1\r\nh: " + b"x" * 2_000_000 + b"\r\n\r\n"):
        answer = raw(server, data, close=True)
        assert not answer or answer.split()[1][:1] == b"4", (data[:40], answer and answer[:60])
    is_well(server)


def test_a_body_that_ends_early_leaves_nothing(server):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    body = b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16"
    raw(server, head + b"Content-Length: 1000\r\n\r\n" + body, close=True)
    assert len(server.client("ec2").describe_vpcs()["Vpcs"]) == 1


def test_who_is_slow_does_not_hold_up_others(server):
    at = urlsplit(server.url)
    slow = [socket.create_connection((at.hostname, at.port)) for _ in range(200)]
    try:
        for connection in slow:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
        start = time.monotonic()
        is_well(server)
        assert time.monotonic() - start < 2
        # They are let go in the end.
        slow[0].settimeout(20)
        slow[0].recv(1000)
        assert slow[0].recv(1000) == b""
    finally:
        for connection in slow:
            connection.close()


def test_noise_does_no_harm_and_memory_stays(server):
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    words = [b"Action=", b"CreateVpc", b"DescribeVpcs", b"&", b"Version=2016-11-15", b"Filter.1.Name=", b".1", b"=",
             b"VpcId", b"%", b"%41", b"{", b"}", b'"', b"10.0.0.0/16", b"CidrBlock=", b"null", b"DryRun=true", b"\xf0",
             b"MaxResults=5", b"NextToken=egret-", b"TagSpecification.1.Tag.1.Key=", b"ClientToken=x"]
    targets = ["AppRunner.CreateVpcConnector", "AppRunner.ListServices", "AppRunner.TagResource"]

    def noise(count):
        for _ in range(count):
            body = b"".join(rng.choices(words, k=rng.randrange(1, 30)))
            headers = FORM if rng.random() < 0.5 else {**JSON, "X-Amz-Target": rng.choice(targets)}
            status, _ = post(server, body, headers)
            assert status < 500

    noise(500)
    before = resident(server)
    noise(2_000)
    assert resident(server) - before < 10_000
    is_well(server)


def test_only_so_many_connections_are_served_at_once(server):
    """More wait, and are served when others go."""
    at = urlsplit(server.url)
    idle = [socket.create_connection((at.hostname, at.port)) for _ in range(1_024)]
    done = threading.Event()
    threading.Thread(target=lambda: (is_well(server), done.set()), daemon=True).start()
    assert not done.wait(1)
    for connection in idle:
        connection.close()
    assert done.wait(10)


def test_unknown_paths_are_not_there(server):
    status, _ = post(server, b"", {}, "/nothing")
    assert status == 404
    assert code_of(server.client("ec2").describe_hosts)[0] == "InvalidAction"
