"""What a client once asked of `egret serve`, and how the answers looked: kept small, and asked again.

A request is an action with its parameters, in which ids are names, such as `{vpc-1}`: the first VPC that an
answer spoke of. An answer is its status, its shape (the paths of its members) and what it says of states. So
a recording outlives other ids, other values, and members that are added to what there is.
"""

import json
import re
import time
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET

ID = re.compile(r"[a-z]+(?:-[a-z]+)*-[0-9a-f]{17}\b|\b[0-9a-f]{32}\b")
#: Members whose values say what became of a resource.
STATES = {"state", "status", "Status", "code", "Code", "failureCode"}
VERSIONS = {"ec2": "2016-11-15", "sts": "2011-06-15"}
TARGET = "AppRunner."
#: What is different each time, and says nothing.
NOISE = {"requestId", "RequestID", "RequestId", "Message", "message"}


class Names:
    """Names of ids, in the order in which answers first spoke of them."""

    def __init__(self):
        self.of_id, self.id_of, self.counts = {}, {}, {}

    def name(self, id):
        if id not in self.of_id:
            kind = id.rpartition("-")[0] or "hex"
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.learn(f"{kind}-{self.counts[kind]}", id)
        return self.of_id[id]

    def learn(self, name, id):
        self.of_id[id], self.id_of[name] = name, id

    def without_ids(self, text):
        return ID.sub(lambda found: "{" + self.name(found[0]) + "}", text)

    def with_ids(self, text):
        return re.sub(r"\{([a-z-]+-\d+)\}", lambda found: self.id_of[found[1]], text)


class Answer:
    """An answer, as far as it matters."""

    def __init__(self, status, text):
        self.status, self.text = status, text
        self.tree = tree(ET.fromstring(text)) if text.startswith("<") else json.loads(text or "{}")
        leaves = list(paths(self.tree))
        self.shape = sorted({path for path, _ in leaves})
        self.says = sorted({f"{path.rpartition('.')[2]}={value}" for path, value in leaves
                            if path.rpartition(".")[2] in STATES})
        self.ids = list(dict.fromkeys(id for _, value in leaves for id in ID.findall(str(value))))

    def differs(self, status, shape, says):
        """What is not as it was, or nothing. Structures may have got more members; lists may not have got items."""
        filled = [path for path in set(self.shape) - set(shape) if not any(known.startswith(items_of(path)) for known in shape)]
        found = {"status": (self.status, status), "says": (self.says, says), "filled": (filled, []),
                 "less": (sorted(set(shape) - set(self.shape)), [])}
        return {what: pair for what, pair in found.items() if pair[0] != pair[1]}


def items_of(path):
    """The innermost list that a path goes through."""
    return path[:path.rfind("[]") + 2] if "[]" in path else ""


def tree(element):
    """XML as JSON: `item`s are lists."""
    children = [(child.tag.rpartition("}")[2], child) for child in element]
    if not children:
        return element.text or ""
    if all(tag in ("item", "Error") for tag, _ in children):
        return [tree(child) for _, child in children]
    return {tag: tree(child) for tag, child in children if tag not in NOISE}


def paths(node, path=""):
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in NOISE:
                yield from paths(value, f"{path}.{key}" if path else key)
    elif isinstance(node, list):
        for value in node:
            yield from paths(value, path + "[]")
    else:
        yield path, node


def without_ids(account):
    """What an account has, whatever it is called."""
    def plain(row):
        return ID.sub("", json.dumps(row, default=str, sort_keys=True))
    return {kind: sorted(plain(row) for row in rows) for kind, rows in account.items()}


def as_before_terraform(ec2):
    """Undoes what Terraform's resources of what was there before leave behind, as they do in AWS."""
    vpc = next(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if vpc["IsDefault"])
    ec2.delete_tags(Resources=[vpc])
    ec2.create_default_subnet(AvailabilityZone="us-east-1a")


def is_read(action):
    return re.match(r"(Describe|Get|List|Search)", action.partition(" ")[2]) is not None


def reduced(exchanges, marks):
    """A recording of (target, body, status, answer): no read that said nothing new, and no waiting.

    A mark is how many exchanges there were before it, and what it is called."""
    recorder, marks = Recorder(), dict(marks)
    heard = [(*request_of(target, body), Answer(status, text)) for target, body, status, text in exchanges]
    for at, (action, parameters, answer) in enumerate(heard):
        recorder.mark(marks.get(at))
        # Of what is asked again and again, the last answer is what was waited for.
        again = at + 1 < len(heard) and heard[at + 1][:2] == (action, parameters)
        if not (again and is_read(action)):
            recorder.take(action, parameters, answer)
    recorder.mark(marks.get(len(heard)))
    return {"shapes": recorder.shapes, "requests": recorder.requests}


class Recorder:
    """What becomes a recording, request by request."""

    def __init__(self):
        self.names, self.shapes, self.requests = Names(), [], []
        self.known = {}  # what was said last, by what was asked

    def mark(self, name):
        self.requests += [{"mark": name}] if name else []

    def take(self, action, parameters, answer):
        asked, said = (action, json.dumps(parameters)), (json.dumps(answer.tree), answer.ids)
        if is_read(action) and self.known.get(asked) == said:
            return
        self.known[asked] = said
        row = {"action": action, "parameters": json.loads(self.names.without_ids(json.dumps(parameters)))}
        row |= {"status": answer.status, "shape": self.shape(answer.shape)}
        row |= {"says": answer.says} if answer.says else {}
        new = any(id not in self.names.of_id for id in answer.ids)
        called = [self.names.name(id) for id in answer.ids]
        self.requests.append(row | ({"ids": called} if new else {}))

    def shape(self, shape):
        """The shape's number; answers of one kind share it."""
        if shape not in self.shapes:
            self.shapes.append(shape)
        return self.shapes.index(shape)


def request_of(target, body):
    """`ec2 CreateVpc`, and its parameters."""
    if target:
        return f"apprunner {target.removeprefix(TARGET)}", json.loads(body or "{}")
    form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
    version = form.pop("Version")
    service = next(name for name, known in VERSIONS.items() if known == version)
    return f"{service} {form.pop('Action')}", form


class Replay:
    """A recording that is asked again of a server: one request after another."""

    def __init__(self, url, recording):
        self.url, self.recording, self.names = url, recording, Names()

    def run(self, until=None):
        """Asks all, or up to a mark; gives back how many requests that were."""
        asked = 0
        while self.recording["requests"]:
            row = self.recording["requests"].pop(0)
            if "mark" in row:
                if row["mark"] == until:
                    break
                continue
            self.ask(row)
            asked += 1
        return asked

    def ask(self, row):
        parameters = json.loads(self.names.with_ids(json.dumps(row["parameters"])))
        shape = self.recording["shapes"][row["shape"]]
        # What takes time was waited for; so it is here.
        end = time.monotonic() + (10 if is_read(row["action"]) else 0)
        while True:
            answer = self.send(row["action"], parameters)
            wrong = answer.differs(row["status"], shape, row.get("says", []))
            if not wrong:
                break
            assert time.monotonic() < end, f"{row['action']} {parameters}: {wrong}\n{answer.text}"
            time.sleep(0.05)
        called = row.get("ids", [])
        assert len(called) in (0, len(answer.ids)), f"{row['action']}: {answer.ids} for {called}"
        for name, id in zip(called, answer.ids):
            if name not in self.names.id_of:
                self.names.learn(name, id)

    def send(self, action, parameters):
        service, _, name = action.partition(" ")
        if service == "apprunner":
            body = json.dumps(parameters)
            headers = {"x-amz-target": TARGET + name, "content-type": "application/x-amz-json-1.0"}
        else:
            body = urllib.parse.urlencode({"Action": name, **parameters, "Version": VERSIONS[service]})
            headers = {"content-type": "application/x-www-form-urlencoded"}
        request = urllib.request.Request(self.url, body.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode())
