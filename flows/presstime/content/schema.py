"""The JSON Schema of front matter, for editors' completion, made from the one table of keys.

It judges a file as the loader does, but for what a schema cannot see: the newsroom's channels, zones and files, dates that
no calendar has, what a newsroom asks of every post. A second spelling of a key, which the loader takes for data, is judged
all the same; spellings that differ in capitals only are not known to it.
"""

import re
from collections.abc import Callable, Iterable
from typing import Literal

from presstime.clock import DURATION, INSTANT
from presstime.content.identity import MAX_ID
from presstime.content.keys import CHANNEL_KEYS, KEYS, MEDIA_KEYS, MODES, NEXT_SLOT, PARTIALS, STATUSES, Key
from presstime.content.values import FLAGS
from presstime.model import Json, JsonObject

DRAFT = "http://json-schema.org/draft-07/schema#"  # the newest that YAML and TOML language servers read whole
Form = Literal["yaml", "toml"]
EMPTY: JsonObject = {
    "type": "string",
    "maxLength": 0,
}  # as if the key were absent; no `const`, which editors would offer

_FORBIDDEN = r"\x00-,/:-@\[-^`{-\x7f\s"  # of ASCII, what is neither letter nor digit nor one of . _ -
_URL = r"[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@]+(?:[/?#]\S*)?"
_LANGUAGE = r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*"
_RULE = r"(?:RRULE:)?[A-Za-z]+=[^;=]+(?:;[A-Za-z]+=[^;=]+)*"
_FILE = r"^(?!\s*(?://|data:))(?!.*://).*\S"  # not an address: media are taken from Git
_COORDINATE = r"[-+]?(?:0*\.[0-9]+|0+(?:\.[0-9]*)?|0*1(?:\.0*)?)"


def schema(form: Form = "yaml") -> JsonObject:
    """The schema of the front matter of one post.

    In YAML a text may look like a number or a flag, and an empty value is as if its key were absent; TOML has types of its
    own and no empty values. TOML's dates are texts here, as editors see them."""
    return _Maker(form).whole()


class _Maker:
    """Makes the schema of each kind of key. A kind is a list of alternatives."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._kinds: dict[str, Callable[[], list[JsonObject]]] = {
            "id": lambda: [
                *self._scalars(),
                _pattern(rf"(?=[^{_FORBIDDEN}]*[^{_FORBIDDEN}._-])[^{_FORBIDDEN}]{{1,{MAX_ID}}}"),
            ],
            "text": lambda: [self._text()],
            "file": lambda: [*self._scalars(), {"type": "string", "pattern": f"{_FILE}|^$"}],
            "status": lambda: [{"enum": list(STATUSES)}, _pattern(_any_case(STATUSES))],
            "flag": lambda: [{"type": "boolean"}, _pattern(_any_case(FLAGS), whole=True)],
            "instant": lambda: [_pattern(_ecma(INSTANT), optional=False)],
            "when": lambda: [_pattern(f"{_ecma(INSTANT)}|{NEXT_SLOT}", optional=False)],
            "rule": lambda: [_pattern(_RULE)],
            "texts": lambda: [self._text(), self._list([self._text()])],
            "channels": self._channels,
            "overrides": self._overrides,
            "media": lambda: [*self._medium(), self._list(self._medium())],
            "late": lambda: [{"enum": ["publish", "within 2h", "skip", "ask"]}, _pattern(_late())],
            "thread": self._thread,
            "url": lambda: [_pattern(_URL)],
            "zone": lambda: [{"type": "string"}],
            "language": lambda: [_pattern(_LANGUAGE)],
            "number": lambda: [{"enum": [1, 2, "1", "2"]}],
            "point": self._point,
            "map": lambda: [{}],
        }

    def whole(self) -> JsonObject:
        properties = self._properties(KEYS)
        tags = {**properties["tags"], "description": "Zola's place of the tags."}
        properties["taxonomies"]["properties"] = {"tags": tags}
        properties["extra"] |= {"if": {"type": "object"}, "then": {"$ref": "#"}}  # our keys are read there, too
        return {
            "$schema": DRAFT,
            "title": "Front matter of a Presstime post",
            "type": ["object", "null"] if self._form == "yaml" else "object",
            "properties": properties,
            "definitions": {kind: self._any(_or_empty(choices())) for kind, choices in self._kinds.items()},
        }

    def _properties(self, keys: Iterable[Key]) -> JsonObject:
        """Each key under each of its spellings."""
        found: JsonObject = {}
        for key in keys:
            for name in (key.name, *key.aliases):
                said = key.doc if name == key.name else f"Read as `{key.name}`. {key.doc}"
                found[name] = {"description": said, **self._value(key)}
        return found

    def _value(self, key: Key) -> JsonObject:
        return {"examples": [example(key)], "allOf": [{"$ref": f"#/definitions/{key.kind}"}]}

    def _any(self, choices: list[JsonObject]) -> JsonObject:
        """One of several; in YAML nothing at all is one of them."""
        if self._form == "yaml" and {} not in choices:
            choices = [*choices, {"type": "null"}]
        if not choices:
            return {"not": {}}
        return choices[0] if len(choices) == 1 else {"anyOf": choices}

    def _text(self) -> JsonObject:
        return {"type": ["string", "number", "boolean"] if self._form == "yaml" else "string"}

    def _scalars(self) -> list[JsonObject]:
        """What YAML takes for a number or a flag, and we for a text."""
        return [{"type": ["number", "boolean"]}] if self._form == "yaml" else []

    def _list(self, choices: list[JsonObject]) -> JsonObject:
        return {"type": "array", "items": self._any(choices)}

    def _channels(self) -> list[JsonObject]:
        said = {"type": "object", "properties": self._properties(CHANNEL_KEYS), "additionalProperties": False}
        one = self._any([said, {"type": "boolean"}, _pattern(_any_case(["true", "false"]), whole=True)])
        named = {"type": "object", "additionalProperties": one}
        return [{"type": "string"}, self._list([{"type": "string"}, named]), named]

    def _overrides(self) -> list[JsonObject]:
        name = [*self._scalars(), {"type": "string", "pattern": r"\S", "description": "A channel or a group."}]
        named = {
            "type": "object",
            "properties": {"channel": {"anyOf": name}, **self._properties(CHANNEL_KEYS)},
            "required": ["channel"],
            "additionalProperties": False,
        }
        return [named, self._list([named])]

    def _medium(self) -> list[JsonObject]:
        spellings = next([key.name, *key.aliases] for key in MEDIA_KEYS if key.name == "file")
        named = {
            "type": "object",
            "properties": self._properties(MEDIA_KEYS),
            "anyOf": [{"required": [name], "properties": {name: {"not": {"enum": [None, ""]}}}} for name in spellings],
        }
        return [{"type": "string", "pattern": _FILE}, named]

    def _thread(self) -> list[JsonObject]:
        word = f"(?:{'|'.join([*MODES, *PARTIALS])})"
        words = _pattern(rf"{word}(?:\s+{word})*|{word}(?:\s*,\s*{word})*")
        one = _pattern(word)
        named = {"type": "object", "additionalProperties": _pattern(word, whole=True)}
        return [{"enum": [*MODES, *PARTIALS]}, words, self._list([one]), named]

    def _point(self) -> list[JsonObject]:
        number = {"anyOf": [{"type": "number", "minimum": -1, "maximum": 1}, _pattern(_COORDINATE, optional=False)]}
        pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
        return [_pattern(rf"{_COORDINATE}[\s,]+{_COORDINATE}", optional=False), pair]


def example(key: Key) -> Json:
    """The key's example as the value that an editor offers."""
    from presstime.content.frontmatter import split

    front, _, _ = split(f"---\nexample: {key.example}\n---\n".encode(), "")
    value = front.keys["example"].plain()
    if key.kind == "flag":
        return FLAGS[value]
    return int(value) if key.kind == "number" else value


def _or_empty(choices: list[JsonObject]) -> list[JsonObject]:
    return choices if {} in choices else [*choices, EMPTY]


def _pattern(pattern: str, *, optional: bool = True, whole: bool = False) -> JsonObject:
    """A text of that form: with blanks around it and perhaps empty, or with nothing else (`whole`)."""
    if whole:
        return {"type": "string", "pattern": f"^(?:{pattern})$"}
    return {"type": "string", "pattern": rf"^\s*(?:{pattern}){'?' * optional}\s*$"}


def _ecma(pattern: re.Pattern[str]) -> str:
    r"""A pattern whose `\d` means ten digits, also where it does not know of re.ASCII."""
    return pattern.pattern.replace(r"\d", "[0-9]")


def _late() -> str:
    return rf"publish|skip|ask|within +(?=[0-9]){_ecma(DURATION)}"


def _any_case(words: Iterable[str]) -> str:
    """The words in any mixture of capitals: ECMA-262 has no flag for it inside a pattern."""
    return "|".join("".join(f"[{c.upper()}{c}]" for c in word) for word in words)
