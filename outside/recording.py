"""What a client once asked of `egret serve`, and how the answers looked: kept small, and asked again.

A request is an action with its parameters, in which ids are names, such as `{vpc-1}`: the first VPC that an
answer spoke of. An answer is its status, its shape (the paths of its members) and what it says of states. So
a recording outlives other ids, and whatever is added to what an answer says of a resource's own values.
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
        """What is not as it was, or nothing."""
        found = {"status": (self.status, status), "says": (self.says, says),
                 "more": (sorted(set(self.shape) - set(shape)), []),
                 "less": (sorted(set(shape) - set(self.shape)), [])}
        return {what: pair for what, pair in found.items() if pair[0] != pair[1]}


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


def is_read(action):
    return re.match(r"(Describe|Get|List|Search)", action.partition(" ")[2]) is not None


def reduced(exchanges, marks):
    """A recording of (target, body, status, answer): no read that said nothing new, and no waiting.

    A mark is how many exchanges there were before it, and what it is called."""
    names, shapes, requests, known = Names(), [], [], {}
    marks = dict(marks)
    read = [(*request_of(target, body), Answer(status, text)) for target, body, status, text in exchanges]
    for at, (action, parameters, answer) in enumerate(read):
        requests += [{"mark": marks[at]}] if at in marks else []
        asked = (action, json.dumps(parameters))
        again = at + 1 < len(read) and (read[at + 1][0], json.dumps(read[at + 1][1])) == asked
        said = ID.sub("", json.dumps(answer.tree)), tuple(answer.ids)
        if is_read(action) and (again or known.get(asked) == said):
            continue
        known[asked] = said
        row = {"action": action, "parameters": json.loads(names.without_ids(json.dumps(parameters)))}
        new = any(id not in names.of_id for id in answer.ids)
        called = [names.name(id) for id in answer.ids]
        if answer.shape not in shapes:
            shapes.append(answer.shape)
        row |= {"status": answer.status, "shape": shapes.index(answer.shape)}
        row |= {"says": answer.says} if answer.says else {}
        row |= {"ids": called} if new else {}
        requests.append(row)
    requests += [{"mark": marks[len(read)]}] if len(read) in marks else []
    return {"shapes": shapes, "requests": requests}


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
