"""The generated types of requests and answers are what botocore's models come to."""

import subprocess
import sys

from serve import ROOT


def test_the_types_are_what_the_models_come_to(tmp_path):
    generated = ROOT / "server" / "src" / "shapes"
    done = subprocess.run([sys.executable, ROOT / "server" / "shapes" / "generate.py", "--out", tmp_path],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for file in sorted(generated.iterdir()):
        made = tmp_path / file.name
        if file.suffix == ".rs":
            subprocess.run(["rustfmt", "--edition", "2024", "--config-path", ROOT, made], check=True)
        assert made.read_text() == file.read_text(), f"{file.name}: run server/shapes/generate.py"
