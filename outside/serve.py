"""A running `egret serve`, and clients of it that know nothing of Egret: boto3 and the aws CLI."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import boto3
import botocore.config
import botocore.exceptions
import pytest

ROOT = Path(__file__).parent.parent
EGRET = os.environ["EGRET"]  # the binary
REGION = "us-east-1"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"}


class Server:
    """`egret serve` with these arguments, at a port of its own."""

    def __init__(self, *args, operation_time="50ms"):
        self.args = [EGRET, "serve", "--listen", "127.0.0.1:0", "--log", "json"]
        self.args += ["--operation-time", operation_time, *map(str, args)]
        self.log = []
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.args, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        self.url = None
        for line in self.process.stderr:
            self.log.append(json.loads(line) if line.startswith("{") else {"text": line})
            said = self.log[-1].get("fields", {}).get("message", "")
            if said.startswith("listening on "):
                self.url = said.removeprefix("listening on ").split()[0]
                break
        assert self.url, self.log
        # Whoever writes to a pipe that nobody reads stops in the end.
        threading.Thread(target=self.drain, args=(self.process.stderr,), daemon=True).start()

    def drain(self, stderr):
        for line in stderr:
            self.log.append(json.loads(line) if line.startswith("{") else {"text": line})

    def client(self, service, keys=KEYS, **config):
        config = botocore.config.Config(retries={"total_max_attempts": 1}, **config)
        client = boto3.client(service, endpoint_url=self.url, region_name=REGION, config=config,
                              aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
                              aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"])
        # What is programmed holds for the next packet: answers wait until all workers have it.
        client.meta.events.register("before-call", adopted)
        return client

    def aws(self, command):
        """What `aws COMMAND` prints, as JSON."""
        aws = str(Path(sys.executable).parent / "aws")
        env = {**os.environ, **KEYS, "AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION,
               "AWS_MAX_ATTEMPTS": "1"}
        done = subprocess.run([aws, *command.split()[1:]], capture_output=True, text=True, env=env)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


def adopted(params, **_):
    params["headers"]["x-egret-adopted"] = "true"


def code_of(call, **arguments):
    """AWS's code and message of the error that a call comes to."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def eventually(holds, within=10):
    """What `holds` gives, as soon as it gives something."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {within} s")
