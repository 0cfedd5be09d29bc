"""Captures of runs, read by tshark."""

import re
from collections import Counter, defaultdict

from conftest import tshark

# What each lesson causes: segments are sent again where they or their acknowledgements are lost.
QUIET = {"22-idle-connection", "30-resolver-limit"}
COMMENT = re.compile(
    r"#\d+ ((send|pass|deliver|drop|drop and answer|wait), |answer to #\d+: |lost: |fragment$|past the VPC$)"
)


def test_nothing_is_malformed_and_no_checksum_is_wrong(outputs):
    wrong = " || ".join(f"{layer}.checksum.status == 0" for layer in ("ip", "tcp", "udp", "icmp"))
    frames = tshark(outputs.pcap, "frame.number", "frame.interface_name", "frame.comment",
                    only=f"_ws.malformed || {wrong}")
    assert frames == []
    # Somebody looked: whole packets have checksums that were found good.
    assert tshark(outputs.pcap, "frame.number", only="tcp.checksum.status == 1 || udp.checksum.status == 1")


def test_every_frame_says_where_it_is_and_what_happened(outputs):
    frames = tshark(outputs.pcap, "frame.interface_name", "frame.comment")
    assert frames
    for frame in frames:
        assert frame["frame.interface_name"]
        assert COMMENT.match(frame["frame.comment"]), frame
        verdict = frame["frame.comment"].split(" ", 1)[1]
        if verdict.startswith(("send", "pass", "deliver", "drop", "wait")):
            # The interface is named after the element that the comment names.
            element = verdict.split(", ", 1)[1]
            assert element.startswith(frame["frame.interface_name"] + ":"), frame


def test_time_never_goes_back_and_a_packet_keeps_its_number(outputs):
    frames = tshark(outputs.pcap, "frame.time_epoch", "frame.comment", "frame.packet_id")
    times = [frame["frame.time_epoch"] for frame in frames]
    assert times == sorted(times)
    assert times[0].startswith("1767225600."), "2026-01-01 00:00:00 UTC"
    for frame in frames:
        assert frame["frame.comment"].startswith(f"#{int(frame['frame.packet_id'], 0)} "), frame


def test_what_is_dropped_is_dropped_last(outputs):
    hops = defaultdict(list)
    for frame in tshark(outputs.pcap, "frame.comment"):
        number, verdict = frame["frame.comment"].split(" ", 1)
        hops[number].append(verdict.split(", ", 1)[0])
    for number, verdicts in hops.items():
        ends = [verdict for verdict in verdicts if verdict not in ("send", "pass")]
        assert len(ends) == 1 and verdicts[-1] == ends[0], (number, verdicts)


def test_no_flags_but_what_the_scenario_causes(outputs):
    flagged = tshark(outputs.pcap, "frame.comment", only="tcp.analysis.flags")
    if outputs.name in QUIET:
        assert flagged == []
    full = tshark(outputs.pcap, "frame.comment", only="tcp.analysis.window_full || tcp.analysis.zero_window")
    assert full == []


def test_conversations_are_complete(outputs):
    """Where nothing is lost, whoever is answered opens, talks and closes: SYN, SYN-ACK, ACK, data, FIN."""
    if outputs.name != "busy":
        return
    streams = {}
    for frame in tshark(outputs.pcap, "tcp.stream", "tcp.completeness", "tcp.dstport", "ip.dst"):
        if frame["tcp.stream"]:
            streams[frame["tcp.stream"]] = frame
    complete = Counter(int(stream["tcp.completeness"]) for stream in streams.values())
    # 31: all of them. 33, 37: a RST answers a SYN. 1: nobody answers. 0: only ports were shown.
    assert set(complete) <= {31, 33, 37, 1, 0}, complete
    # Each of the 51 connections at both of its ends, and in between once for each translation.
    assert complete[31] >= 2 * 51, complete
