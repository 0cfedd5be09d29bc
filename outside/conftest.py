"""Runs egret, and reads what it writes with tools that know nothing of it."""

import csv
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from serve import Server

ROOT = Path(__file__).parent.parent
EGRET = os.environ["EGRET"]  # the binary
SCENARIOS = {
    path.stem if path.is_file() else path.name: path
    for path in [
        *sorted((ROOT / "outside" / "scenarios").iterdir()),
        *(ROOT / "scenarios" / name for name in (
            "22-idle-connection",
            "23-keepalive",
            "26-zone-lost",
            "27-rule-revoked-or-denied",
            "28-s3-endpoint-under-load",
            "29-path-mtu-black-hole",
            "30-resolver-limit",
        )),
    ]
}


@dataclass
class Outputs:
    """The files of one run."""

    name: str
    pcap: Path
    flow_logs: Path
    metrics: Path


def egret(*args):
    """What egret prints; it must succeed."""
    done = subprocess.run([EGRET, *map(str, args)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
    return done.stdout


def tshark(pcap, *fields, only=None):
    """A dict for each frame, with these fields as texts; checksums are looked at."""
    checks = [f"{layer}.check_checksum:TRUE" for layer in ("ip", "tcp", "udp")]
    # Where segments are lost, tshark cannot put what they carry together without complaint.
    checks += ["tcp.desegment_tcp_streams:FALSE"]
    command = ["tshark", "-r", str(pcap), "-T", "fields", "-E", "separator=,", "-E", "quote=d"]
    command += ["-E", "occurrence=f", *(part for check in checks for part in ("-o", check))]
    command += [part for field in fields for part in ("-e", field)]
    command += ["-Y", only] if only else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [dict(zip(fields, row)) for row in csv.reader(done.stdout.splitlines())]


@pytest.fixture(scope="session", params=sorted(SCENARIOS))
def outputs(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    files = Outputs(request.param, folder / "run.pcapng", folder / "flows.log", folder / "metrics.txt")
    fields = "${interface-id} ${flow-direction} ${packets} ${bytes} ${action} ${log-status}"
    egret("run", SCENARIOS[request.param], "--pcap", files.pcap, "--flow-logs", files.flow_logs,
          "--flow-log-format", fields, "--metrics", files.metrics)
    return files


@pytest.fixture
def serve():
    """Starts servers that end with the test."""
    servers = []

    def start(*args, **options):
        servers.append(Server(*args, **options))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.kill()
