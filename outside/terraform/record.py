"""Runs Terraform against `egret serve`, checks that it is content, and keeps what it asked.

    EGRET=target/debug/egret python outside/terraform/record.py [--check]

Terraform makes everything in this folder, changes all that can be changed, and destroys it. After each of the
first two it must plan nothing. What it asked, and how the answers looked, goes to requests.json, which
test_serve_terraform.py asks again where there is no Terraform; --check runs Terraform, and keeps nothing.

It takes Terraform 1.5 or later as `terraform` (or TERRAFORM=tofu), with the provider hashicorp/aws where it
finds it: from the registry, or from a mirror that TF_CLI_CONFIG_FILE names.
"""

import argparse
import http.client
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from network import everything  # noqa: E402
from recording import as_before_terraform, reduced, without_ids  # noqa: E402
from serve import Server  # noqa: E402

TERRAFORM = os.environ.get("TERRAFORM", "terraform")
#: What is run, what it is called, and the exit code that it must have.
STEPS = [
    ("applied", ["apply", "-auto-approve"], False),
    (None, ["plan", "-detailed-exitcode"], False),
    ("changed", ["apply", "-auto-approve"], True),
    (None, ["plan", "-detailed-exitcode"], True),
    ("destroyed", ["destroy", "-auto-approve"], True),
]


class Listener(http.server.ThreadingHTTPServer):
    """Passes on what it is asked, and remembers it."""

    daemon_threads = True

    def __init__(self, upstream):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = upstream.removeprefix("http://")
        self.heard, self.lock = [], threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    """A connection a request: where one is kept, a client may ask twice that finds it closed."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        upstream = http.client.HTTPConnection(self.server.upstream)
        upstream.request("POST", self.path, body, dict(self.headers.items()))
        answer = upstream.getresponse()
        text = answer.read()
        with self.server.lock:
            heard = (self.headers["x-amz-target"], body.decode(), answer.status, text.decode())
            self.server.heard.append(heard)
        self.send_response(answer.status)
        self.send_header("content-type", answer.headers["content-type"])
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def terraform(folder, *arguments):
    done = subprocess.run([TERRAFORM, *arguments], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"})
    assert done.returncode == 0, f"terraform {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


def run(folder, parallelism):
    """Everything that is run, in order: the recording of it."""
    server = Server("--no-quotas", operation_time="1s")
    ec2 = server.client("ec2")
    before = everything(ec2)
    listener, marks = Listener(server.url), []
    try:
        for mark, arguments, changed in STEPS:
            more = [f"-parallelism={parallelism}", "-no-color"]
            more += [f"-var=endpoint=http://127.0.0.1:{listener.server_port}", f"-var=changed={str(changed).lower()}"]
            said = terraform(folder, *arguments, *more)
            print(*re.findall(r"^(?:No changes|Apply complete|Destroy complete).*$", said, re.M), sep="\n")
            marks += [(len(listener.heard), mark)] if mark else []
        as_before_terraform(ec2)
        assert without_ids(everything(ec2)) == without_ids(before)
    finally:
        server.kill()
    unknown = [row for row in server.log if "not implemented" in json.dumps(row)]
    assert not unknown, unknown
    return reduced(listener.heard, marks)


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--check", action="store_true", help="run Terraform, and keep nothing")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for file in HERE.glob("*.tf"):
            shutil.copy(file, folder)
        terraform(folder, "init", "-no-color")
        # One request after another, so that they come in the same order each time.
        recording = run(folder, 10 if options.check else 1)
        version = json.loads(terraform(folder, "version", "-json"))
    if options.check:
        return
    by = {"terraform": version["terraform_version"], **version["provider_selections"]}
    write(HERE / "requests.json", {"recorded by": by, **recording})


def write(path, recording):
    """A line a shape, and a line a request."""
    lines = [f"{json.dumps(key)}: {json.dumps(recording[key])}" for key in recording if key not in ("shapes", "requests")]
    for key in ("shapes", "requests"):
        rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in recording[key])
        lines.append(f'"{key}": [\n{rows}\n]')
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
