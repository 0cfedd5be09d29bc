"""Flow logs against the capture of the same run, and Parquet by another reader."""

from collections import defaultdict

import pyarrow.parquet
from conftest import SCENARIOS, egret, tshark

RESOLVER = "10.0.0.2"


def logged(path):
    """Packets and bytes by interface, over both directions and all windows, but for those that were
    refused before they came in: the capture has them at the security group."""
    totals = defaultdict(lambda: [0, 0])
    for line in path.read_text().splitlines()[1:]:
        interface, direction, packets, size, action, status = line.split(" ")
        if status == "OK" and (direction, action) != ("ingress", "REJECT"):
            totals[interface][0] += int(packets)
            totals[interface][1] += int(size)
    return totals


def captured(path, kind):
    """The same by the capture: whatever came to a shared ENI and was not dropped there."""
    totals = defaultdict(lambda: [0, 0])
    fields = ("frame.interface_name", "frame.comment", "frame.len", "ip.src", "ip.dst")
    for frame in tshark(path, *fields):
        element, _, name = frame["frame.interface_name"].partition(" ")
        verdict = frame["frame.comment"].split(" ", 1)[1]
        if element != kind or not verdict.startswith(("pass", "deliver")):
            continue
        if RESOLVER in (frame["ip.src"], frame["ip.dst"]):
            continue  # what goes to the resolver is not logged
        totals[name][0] += 1
        totals[name][1] += int(frame["frame.len"])
    return totals


def test_shared_interfaces_have_what_the_capture_has(outputs):
    logs, frames = logged(outputs.flow_logs), captured(outputs.pcap, "hyperplane-eni")
    assert frames or outputs.name == "30-resolver-limit"
    for name, totals in frames.items():
        assert logs[name] == totals, name


def test_nat_gateways_have_each_packet_twice(outputs):
    """Once as it comes and once as it goes; what is dropped there only came."""
    came, went = defaultdict(int), defaultdict(int)
    for frame in tshark(outputs.pcap, "frame.interface_name", "frame.comment"):
        element, _, name = frame["frame.interface_name"].partition(" ")
        verdict = frame["frame.comment"].split(" ", 1)[1]
        if element == "nat-gateway" and verdict.startswith(("pass", "drop")):
            came[name] += 1
            went[name] += verdict.startswith("pass")
    logs = logged(outputs.flow_logs)
    for name in came:
        assert logs[name][0] == came[name] + went[name], name


def test_parquet_says_what_text_says(tmp_path):
    fields = "${interface-id} ${srcaddr} ${dstport} ${packets} ${bytes} ${start} ${end} ${traffic-path}"
    files = [tmp_path / "flows.log", tmp_path / "flows.parquet"]
    for file in files:
        egret("run", SCENARIOS["busy"], "--flow-logs", file, "--flow-log-format", fields)
    header, *lines = files[0].read_text().splitlines()
    table = pyarrow.parquet.read_table(files[1])
    assert table.column_names == [name.replace("-", "_") for name in header.split(" ")]
    rows = zip(*(column.to_pylist() for column in table.columns))
    texts = [" ".join("-" if value is None else str(value) for value in row) for row in rows]
    assert texts == lines
    types = dict(zip(table.column_names, map(str, table.schema.types)))
    assert (types["srcaddr"], types["dstport"], types["bytes"]) == ("string", "int32", "int64")
