"""Metrics of a run, read by Prometheus' own parser."""

from conftest import egret, SCENARIOS
from prometheus_client.openmetrics.parser import text_string_to_metric_families


def test_openmetrics_parses(outputs):
    families = list(text_string_to_metric_families(outputs.metrics.read_text()))
    assert families
    for family in families:
        assert family.name.startswith(("aws_natgateway_", "aws_privatelinkendpoints_"))
        for sample in family.samples:
            assert sample.value >= 0
            assert (float(sample.timestamp) - 1_767_225_600) % 60 == 0


def test_the_idle_lesson_has_its_timeouts(tmp_path):
    file = tmp_path / "metrics.txt"
    egret("run", SCENARIOS["22-idle-connection"], "--metrics", file)
    families = {f.name: f for f in text_string_to_metric_families(file.read_text())}
    values = [s.value for s in families["aws_natgateway_idle_timeout_count_sum"].samples]
    assert sum(values) == 10
