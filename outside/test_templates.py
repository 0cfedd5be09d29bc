"""Templates that egret reads in its tests are ones that cfn-lint takes, and egret takes them too."""

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import EGRET, ROOT

TEMPLATES = sorted((ROOT / "control" / "tests" / "fixtures" / "templates").iterdir())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_cfn_lint_finds_no_error(template):
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--regions", "us-east-1", "--ignore-checks", "W", "I"]
    done = subprocess.run([*command, "--", str(template)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_egret_finds_no_error_but_what_is_not_known(template):
    done = subprocess.run([EGRET, "check", str(template)], capture_output=True, text=True)
    errors = [line for line in done.stderr.splitlines() if ": error: " in line]
    assert all("[inconclusive]" in line for line in errors), done.stderr
