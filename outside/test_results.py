"""Results of `egret test`, read by the tools of those who defined or use the formats."""

import subprocess

import pytest
from conftest import EGRET, ROOT
from junitparser import JUnitXml
from sarif.loader import load_sarif_file
from tap.parser import Parser

SUITE = """
scenario: {scenario}
expect:
  - {{ name: holds, from: web/0, to: "api.example.com:443", outcome: delivered }}
  - {{ name: fails, from: web/0, to: "api.example.com:443", outcome: dropped }}
"""


@pytest.fixture
def results(tmp_path):
    """What `egret test` prints of one expectation that holds and one that fails."""
    scenario = ROOT / "scenarios" / "01-nat-over-three-zones" / "scenario.yaml"
    suite = tmp_path / "some.egret.yaml"
    suite.write_text(SUITE.format(scenario=scenario))

    def of(form, *options):
        command = [EGRET, "test", str(suite), "--format", form, *options]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 1, done.stderr
        file = tmp_path / f"results.{form}"
        file.write_text(done.stdout)
        return file

    return of


@pytest.mark.parametrize("options", [[], ["--coverage", "--mutate"]])
def test_junit(results, options):
    report = JUnitXml.fromfile(str(results("junit", *options)))
    suites = list(report)
    assert [(suite.tests, suite.failures) for suite in suites] == [(2, 1)]
    holds, fails = suites[0]
    assert holds.is_passed and not fails.is_passed
    assert "the outcome should be dropped" in fails.result[0].message


@pytest.mark.parametrize("options", [[], ["--coverage", "--mutate"]])
def test_tap(results, options):
    lines = list(Parser().parse_file(str(results("tap", *options))))
    tests = [line for line in lines if line.category == "test"]
    assert [(test.number, test.ok) for test in tests] == [(1, True), (2, False)]
    assert tests[0].description.endswith("holds")



def test_sarif(results):
    file = load_sarif_file(str(results("sarif", "--coverage", "--mutate")))
    records = file.get_records()
    levels = {record["Severity"] for record in records}
    assert levels == {"error", "warning", "note"}
    assert all(record["Line"] > 0 for record in records)
