"""The vendors' own contract files, where they are at hand, and small validators for them."""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import regex

from presstime.model import JsonObject


def specs(name: str) -> Path:
    """A vendor's file: below PRESSTIME_SPECS, or in ../shared/specs beside the checkout. Skips where there is none."""
    folder = Path(os.environ.get("PRESSTIME_SPECS") or Path(__file__).parents[3] / "shared" / "specs")
    if not (folder / name).exists():
        pytest.skip(f"the vendor's file {name} is not at hand: PRESSTIME_SPECS names its folder")
    return folder / name


class OpenApi:
    """Requests, and answers to them, against an OpenAPI 3 document, bound by path and method. `below` is what stands before
    every path in the vendor's address."""

    def __init__(self, document: JsonObject, below: str = "") -> None:
        self.document = {**document, "paths": {below + path: item for path, item in document["paths"].items()}}
        self.document["components"] = _with_nulls(document["components"])

    def answer_problems(self, call: JsonObject, status: int, answer: Any) -> list[str]:
        """What is wrong with the body of an answer; None is none. A status that is not named is the `default`."""
        responses = self._operation(call)[0]["responses"]
        documented = self._resolved(responses.get(str(status)) or responses["default"])
        content = documented.get("content", {})
        if answer is None or not content:
            fits = answer is None and not content
            return [] if fits else [f"answer {status}: a body where none is documented, or none where one is"]
        schema = (content.get("application/json") or content["application/problem+json"])["schema"]
        return self._errors(_with_nulls(schema), answer, f"answer {status}")

    def problems(self, call: JsonObject) -> list[str]:
        operation, where = self._operation(call)
        parameters = [self._resolved(p) for p in operation.get("parameters", [])]
        found = self._body(operation, call)
        for place, values in (("query", call["params"]), ("header", call["headers"]), ("path", where)):
            known = {self._key(p): p for p in parameters if p["in"] == place}
            unknown = values.keys() - known.keys() if place == "query" else set()
            found += [f"unknown query parameter {name}" for name in unknown]
            found += [
                f"{place} parameter {k} is missing" for k, p in known.items() if p.get("required") and k not in values
            ]
            for key in values.keys() & known.keys():
                schema = self._resolved(known[key]["schema"])
                found += self._errors(schema, _typed(values[key], schema), f"{place} {key}")
        return found

    def _body(self, operation: JsonObject, call: JsonObject) -> list[str]:
        """A body is checked as the media type it came in; a multipart file counts as its field."""
        wanted = operation.get("requestBody")
        kind = call["headers"].get("content-type", "").partition(";")[0]
        if not wanted:
            return ["a body where none is documented"] if call["body"] else []
        if kind not in wanted["content"]:
            return [f"a body of type {kind!r}: documented are {sorted(wanted['content'])}"]
        body = {**(call["body"] or {}), **dict.fromkeys(call["files"], "bytes")}
        return self._errors(wanted["content"][kind]["schema"], body, "body")

    def _operation(self, call: JsonObject) -> tuple[JsonObject, dict[str, str]]:
        for template, item in self.document["paths"].items():
            match = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)), call["path"])
            if match and call["method"].lower() in item:
                return item[call["method"].lower()], match.groupdict()
        raise AssertionError(f"the vendor documents no {call['method']} {call['path']}")

    def _errors(self, schema: JsonObject, value: Any, name: str) -> list[str]:
        validator = jsonschema.Draft202012Validator({**schema, "components": self.document["components"]})
        return [f"{name}: {error.message}" for error in validator.iter_errors(value)]

    def _resolved(self, item: JsonObject) -> JsonObject:
        if "$ref" not in item:
            return item
        node: Any = self.document
        for part in item["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        return self._resolved(node)

    @staticmethod
    def _key(parameter: JsonObject) -> str:
        return str(parameter["name"].lower() if parameter["in"] == "header" else parameter["name"])


def _with_nulls(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema has it: what is `nullable` may be null."""
    if isinstance(schema, list):
        return [_with_nulls(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _with_nulls(value) for name, value in schema.items()}
    return {"anyOf": [plain, {"type": "null"}]} if plain.pop("nullable", False) is True else plain


def _typed(text: str, schema: JsonObject) -> Any:
    """A query's text as the type its schema names."""
    if schema.get("type") == "integer":
        return int(text)
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text.split(",") if schema.get("type") == "array" else text


FORMATS = {
    "did": r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]",
    "handle": r"([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?",
    "at-uri": r"at://[^/]+(/[a-zA-Z0-9.-]+(/[a-zA-Z0-9._:~-]+)?)?",
    "nsid": r"[a-zA-Z]([a-zA-Z0-9-]*\.)+[a-zA-Z]+",
    "cid": r"[a-zA-Z0-9+=]{8,256}",
    "record-key": r"(?!\.\.?$)[a-zA-Z0-9_~.:-]{1,512}",
    "tid": r"[234567a-j][234567a-z]{12}",
    "uri": r"[a-z][a-z.-]{0,80}:\S+",
    "language": r"(i|[a-z]{2,3})(-[a-zA-Z0-9]+)*",
}


class Lexicons:
    """Values against AT Protocol lexicons (atproto.com/specs/lexicon)."""

    def __init__(self, folder: Path) -> None:
        self.documents = {".".join(p.relative_to(folder).with_suffix("").parts): p for p in folder.rglob("*.json")}

    def definition(self, reference: str, home: str) -> tuple[JsonObject, str]:
        import json

        name, _, part = reference.partition("#")
        name = name or home
        if name not in self.documents:
            raise AssertionError(f"there is no lexicon {name}")
        return json.loads(self.documents[name].read_text())["defs"][part or "main"], name

    def problems(self, call: JsonObject) -> list[str]:
        """A call's parameters, input, and the record it writes."""
        name = call["path"].removeprefix("/xrpc/")
        main, home = self.definition(name, "")
        kind = {"GET": "query", "POST": "procedure"}[call["method"]]
        found = [] if main["type"] == kind else [f"{name} is a {main['type']}"]
        known = main.get("parameters", {"type": "params", "properties": {}})
        params = {k: _param(known["properties"].get(k, {}), v) for k, v in call["params"].items()}
        found += self.check(known, params, home, name)
        if schema := main.get("input", {}).get("schema"):
            found += self.check(schema, call["body"], home, name)
        if "record" in (call["body"] or {}):
            found += self.check(
                {"type": "ref", "ref": call["body"]["collection"]}, call["body"]["record"], "", "record"
            )
        return found

    def check(self, schema: JsonObject, value: Any, home: str, at: str) -> list[str]:
        kind = schema["type"]
        if kind == "ref":
            target, name = self.definition(schema["ref"], home)
            return self.check(target, value, name, at)
        if kind == "record":
            return self.check(schema["record"], value, home, at)
        if kind == "union":
            return self._union(schema, value, home, at)
        checks: dict[str, Any] = {
            "object": self._object,
            "params": self._object,
            "array": self._array,
            "string": self._string,
            "blob": self._blob,
        }
        if kind in checks:
            return list(checks[kind](schema, value, home, at))
        types: dict[str, Any] = {"integer": int, "boolean": bool, "unknown": dict}
        if not isinstance(value, types[kind]):
            return [f"{at}: not {kind}"]
        within = kind != "integer" or schema.get("minimum", value) <= value <= schema.get("maximum", value)
        return [] if within else [f"{at}: {value} is out of bounds"]

    def _union(self, schema: JsonObject, value: Any, home: str, at: str) -> list[str]:
        names = {self._full(reference, home): reference for reference in schema["refs"]}
        if value.get("$type") not in names:
            return [f"{at}: {value.get('$type')} is none of {sorted(names)}"]
        return self.check({"type": "ref", "ref": names[value["$type"]]}, value, home, at)

    @staticmethod
    def _full(reference: str, home: str) -> str:
        return f"{home}{reference}" if reference.startswith("#") else reference

    def _object(self, schema: JsonObject, value: Any, home: str, at: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{at}: not an object"]
        properties = schema.get("properties", {})
        found = [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
        found += [f"{at}: {name} is not documented" for name in value.keys() - properties.keys() - {"$type"}]
        for name in value.keys() & properties.keys():
            if not (value[name] is None and name in schema.get("nullable", [])):
                found += self.check(properties[name], value[name], home, f"{at}.{name}")
        return found

    def _array(self, schema: JsonObject, value: Any, home: str, at: str) -> list[str]:
        found = [f"{at}: more than {schema['maxLength']}"] if len(value) > schema.get("maxLength", len(value)) else []
        return found + [problem for item in value for problem in self.check(schema["items"], item, home, f"{at}[]")]

    def _string(self, schema: JsonObject, value: Any, home: str, at: str) -> list[str]:
        if not isinstance(value, str):
            return [f"{at}: not a string"]
        found = []
        if len(value.encode()) > schema.get("maxLength", 1 << 30):
            found.append(f"{at}: more than {schema['maxLength']} bytes")
        if len(regex.findall(r"\X", value)) > schema.get("maxGraphemes", 1 << 30):
            found.append(f"{at}: more than {schema['maxGraphemes']} graphemes")
        return found + (
            [] if _has_format(value, schema.get("format")) else [f"{at}: {value!r} is no {schema['format']}"]
        )

    def _blob(self, schema: JsonObject, value: Any, home: str, at: str) -> list[str]:
        found = [] if value.get("$type") == "blob" and "$link" in value.get("ref", {}) else [f"{at}: not a blob"]
        if value.get("size", 0) > schema.get("maxSize", 1 << 60):
            found.append(f"{at}: more than {schema['maxSize']} bytes")
        accepted = schema.get("accept", ["*/*"])
        fits = any(re.fullmatch(a.replace("*", ".*"), value.get("mimeType", "")) for a in accepted)
        return found if fits else [*found, f"{at}: {value.get('mimeType')} is none of {accepted}"]


def _has_format(value: str, name: str | None) -> bool:
    if name is None:
        return True
    if name == "datetime":
        return bool(re.search(r"(Z|[+-]\d\d:\d\d)$", value)) and datetime.fromisoformat(value).tzinfo is not None
    if name == "at-identifier":
        return _has_format(value, "did") or _has_format(value, "handle")
    return re.fullmatch(FORMATS[name], value) is not None


def _param(schema: JsonObject, text: str) -> Any:
    """A query's text as its lexicon names it; the twins keep one value of a list."""
    if schema.get("type") == "integer" and text.isdigit():
        return int(text)
    return [text] if schema.get("type") == "array" else text


class BotApi:
    """Requests against the Bot API's methods and types, as scraped from the vendor's page."""

    def __init__(self, document: JsonObject) -> None:
        self.document = document

    def problems(self, call: JsonObject) -> list[str]:
        import json

        method = call["path"].rpartition("/")[2]
        if method not in self.document["methods"]:
            return [f"there is no method {method}"]
        given = {**(call["body"] or {}), **call["files"]}
        attached = {v.removeprefix("attach://") for v in re.findall(r"attach://\w+", str(given.get("media", "")))}
        given = {name: value for name, value in given.items() if name not in attached}
        if call["files"]:  # a form: what is not a string was written as JSON
            plain = {"caption", "text", "chat_id", *call["files"]}
            given = {n: v if n in plain else json.loads(v) for n, v in given.items()}
        return self._fields(self.document["methods"][method].get("fields", []), given, method, set(call["files"]))

    def _fields(self, fields: list[JsonObject], given: JsonObject, at: str, files: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
        known = {field["name"]: field for field in fields}
        found = [f"{at}: {name} is missing" for name, field in known.items() if field["required"] and name not in given]
        found += [f"{at}: {name} is not documented" for name in given.keys() - known.keys()]
        for name in given.keys() & known.keys():
            if name in files:
                found += [] if "InputFile" in known[name]["types"] else [f"{at}: {name} is no file"]
            elif not any(self._is(kind, given[name]) for kind in known[name]["types"]):
                found.append(f"{at}: {name} is none of {known[name]['types']}")
        return found

    def _is(self, kind: str, value: Any) -> bool:
        plain = {"Integer": int, "String": str, "Boolean": bool, "Float": float}
        if kind in plain:
            return type(value) is plain[kind]
        if kind.startswith("Array of "):
            return isinstance(value, list) and all(self._is(kind.removeprefix("Array of "), item) for item in value)
        fields = self.document["types"].get(kind, {}).get("fields")
        return isinstance(value, dict) and fields is not None and not self._fields(fields, value, kind)
