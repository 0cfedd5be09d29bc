"""Writes server/src/shapes/*.rs: the types of requests and answers, from botocore's service models.

    pip install botocore==1.44.8
    python server/shapes/generate.py

The types carry their wire names as serde attributes, and nothing else: three small codecs
(server/src/protocol/) do the rest. Only what an action of actions.toml can reach is written. What App
Runner's model says of lengths, patterns and enumerations goes to server/src/shapes/apprunner.json.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

from botocore.loaders import Loader

HERE = Path(__file__).parent
OUT = HERE.parent / "src" / "shapes"
FILES = {"apprunner": "app_runner.rs", "ec2": "ec2.rs", "sts": "sts.rs"}
SCALARS = {
    "string": "String", "integer": "i32", "long": "i64", "boolean": "bool", "double": "f64",
    "float": "f64", "blob": "String",
}
KEYWORDS = {"type", "return", "match", "ref", "static", "move", "use", "self"}


class Service:
    """The reachable part of one service's model."""

    def __init__(self, name, actions):
        self.name = name
        self.model = Loader().load_service_model(name, "service-2")
        self.shapes = self.model["shapes"]
        self.protocol = self.model["metadata"]["protocol"]
        self.operations = {action: self.model["operations"][action] for action in actions}
        self.inputs = self.reach("input")
        self.outputs = self.reach("output")

    def reach(self, side):
        """Names of the shapes that requests, or answers, are made of."""
        seen, open_ = set(), [op[side]["shape"] for op in self.operations.values() if side in op]
        while open_:
            name = open_.pop()
            if name not in seen:
                seen.add(name)
                open_ += [ref["shape"] for ref in references(self.shapes[name])]
        return seen

    def rust(self):
        names = sorted(self.inputs | self.outputs)
        structures = [name for name in names if self.shapes[name]["type"] == "structure"]
        return HEADER.format(
            service=self.model["metadata"]["serviceId"],
            version=self.model["metadata"]["apiVersion"],
            imports=self.imports(structures),
        ) + "".join(self.structure(name) for name in structures)

    def imports(self, structures):
        used = {self.type_of(ref["shape"]) for name in structures
                for ref in self.shapes[name].get("members", {}).values()}
        lines = ["use std::collections::BTreeMap;\n\n"] * any("BTreeMap" in t for t in used)
        lines += ["use serde::{Deserialize, Serialize};\n"]
        stamps = sorted({m for t in used for m in re.findall(r"EpochSeconds|Iso8601", t)})
        lines += [f"\nuse crate::protocol::time::{stamp};\n" for stamp in stamps]
        return "".join(lines)

    def structure(self, name):
        shape = self.shapes[name]
        reads, writes = name in self.inputs, name in self.outputs
        derives = ["Clone", "Debug", "Default", "PartialEq"]
        derives += ["Deserialize"] * reads + ["Serialize"] * writes
        required = set(shape.get("required", []))
        fields = [self.field(member, ref, member in required, reads, writes)
                  for member, ref in shape.get("members", {}).items()]
        return (f"\n#[derive({', '.join(derives)})]\n" + self.rename_all(reads, writes)
                + f"pub struct {name} {{" + ("\n" + "".join(fields) if fields else "") + "}\n")

    def rename_all(self, reads, writes):
        if self.protocol != "ec2":
            return '#[serde(rename_all = "PascalCase")]\n'
        match reads, writes:
            case True, True:
                return '#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]\n'
            case True, False:
                return '#[serde(rename_all = "PascalCase")]\n'
            case _:
                return '#[serde(rename_all = "camelCase")]\n'

    def field(self, member, ref, required, reads, writes):
        name = snake(member)
        typ = self.type_of(ref["shape"])
        attributes = []
        read_as, write_as = self.wire_names(member, ref)
        if reads and read_as != pascal(name):
            attributes.append(("deserialize", read_as))
        if writes and write_as != (camel(name) if self.protocol == "ec2" else pascal(name)):
            attributes.append(("serialize", write_as))
        serde = renaming(attributes, reads and writes)
        many = typ.startswith(("Vec<", "BTreeMap<"))
        if many and not required:
            serde += ["default"] * reads
            # JSON tells none from an empty one; XML always says the empty list.
            serde += ['skip_serializing_if = "crate::shapes::is_empty"'] * (writes and self.protocol == "json")
        if not many and not required:
            typ = f"Option<{typ}>"
            serde += ['skip_serializing_if = "Option::is_none"'] * (writes and self.protocol == "json")
        line = f"    #[serde({', '.join(serde)})]\n" if serde else ""
        return line + f"    pub {escape(name)}: {typ},\n"

    def wire_names(self, member, ref):
        """What a request and an answer call the member."""
        if self.protocol != "ec2":
            return ref.get("locationName", member), ref.get("locationName", member)
        write_as = ref.get("locationName", member)
        read_as = ref.get("queryName") or write_as[0].upper() + write_as[1:]
        return read_as, write_as

    def type_of(self, name):
        shape = self.shapes[name]
        match shape["type"]:
            case "structure":
                return name
            case "list":
                self.check_list(name, shape)
                return f"Vec<{self.type_of(shape['member']['shape'])}>"
            case "map":
                return f"BTreeMap<String, {self.type_of(shape['value']['shape'])}>"
            case "timestamp":
                return "EpochSeconds" if self.protocol == "json" else "Iso8601"
            case scalar:
                return SCALARS[scalar]

    def check_list(self, name, shape):
        """The codec of answers calls every item `item`."""
        item = shape["member"].get("locationName", "item")
        if self.protocol == "ec2" and name in self.outputs and item != "item":
            raise SystemExit(f"{name}: its items are called {item}")

    def constraints(self):
        """The shapes of requests with what the model demands of them."""
        kept = ("type", "required", "members", "member", "key", "value", "min", "max", "pattern", "enum")
        def plain(value):
            return {"shape": value["shape"]} if isinstance(value, dict) and "shape" in value else value
        def shape(name):
            said = self.shapes[name]
            out = {key: plain(said[key]) for key in kept if key in said}
            if "members" in out:
                out["members"] = {member: ref["shape"] for member, ref in said["members"].items()}
            for key in ("member", "key", "value"):
                if key in out:
                    out[key] = out[key]["shape"]
            return out
        return {"actions": {name: op["input"]["shape"] for name, op in self.operations.items()},
                "shapes": {name: shape(name) for name in sorted(self.inputs)}}


HEADER = """\
//! Requests and answers of {service}, API version {version}. Written by `server/shapes/generate.py`
//! from botocore's model: change that, not this.

{imports}"""


def references(shape):
    yield from shape.get("members", {}).values()
    yield from (shape[key] for key in ("member", "key", "value") if key in shape)


def renaming(attributes, both):
    if not attributes:
        return []
    names = {name for _, name in attributes}
    if not both or (len(attributes) == 2 and len(names) == 1):
        return [f'rename = "{attributes[0][1]}"']
    return [f"rename({', '.join(f'{side} = {name!r}' for side, name in attributes)})".replace("'", '"')]


def snake(name):
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().replace("__", "_")


def pascal(name):
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def camel(name):
    name = pascal(name)
    return name[:1].lower() + name[1:]


def escape(name):
    return f"r#{name}" if name in KEYWORDS else name


def main():
    out = Path(sys.argv[2]) if sys.argv[1:2] == ["--out"] else OUT
    actions = tomllib.loads((HERE / "actions.toml").read_text())
    for name, file in FILES.items():
        service = Service(name, actions[name]["actions"].split())
        (out / file).write_text(service.rust())
        if service.protocol == "json":
            constraints = json.dumps(service.constraints(), indent=1, sort_keys=True)
            (out / f"{name}.json").write_text(constraints + "\n")


if __name__ == "__main__":
    main()
