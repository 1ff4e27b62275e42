"""The JSON Schema of front matter: every key is in it, and it judges as the loader does, in YAML and in TOML."""

import re
import tomllib
from datetime import date, time
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from presstime.content.keys import CHANNEL_KEYS, KEYS, MEDIA_KEYS, Key
from presstime.content.posts import load_posts
from presstime.content.schema import Form, example, schema
from presstime.content.worktree import WorkTree
from presstime.settings import parse_settings
from tests.content.kit import SETTINGS, TREES, GitFolder

VALIDATORS = {form: Draft7Validator(schema(form)) for form in ("yaml", "toml")}
NAMED_BY_FILE = '[content]\nidentity = "name"\nrequire_alt = false\n[defaults]\nchannels = ["brand"]\n'
# What the loader looks up elsewhere: in presstime.toml, in the folders, in the text, on the calendar.
UNSEEN = {
    "unknown-channel",
    "unknown-zone",
    "missing-media",
    "local-time-gap",
    "expires-too-soon",
    "no-expiry",
    "no-slots",
    "unknown-slots",
    "bad-repeat",
    "no-channels",
    "not-chosen",
    "bad-media-path",
}


class Core(yaml.SafeLoader):
    """YAML as editors read it: the core schema of YAML 1.2, in which `no` and 9:30 are texts, and dates, too."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as PyYAML has it


for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?[0-9]+", [*"-+0123456789"]),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", [*"-+.0123456789"]),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})$"), first)


def seen_by_an_editor(front: str, form: str) -> Any:
    """The front matter as the instance that a language server holds against a schema."""
    if form == "yaml":
        return yaml.load(front, Core)  # noqa: S506 - it is a SafeLoader
    return _dates_as_texts(tomllib.loads(front))


def _dates_as_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _dates_as_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dates_as_texts(item) for item in value]
    return value.isoformat() if isinstance(value, date | time) else value


def refused_by_schema(front: str, form: str) -> bool:
    try:
        return not VALIDATORS[form].is_valid(seen_by_an_editor(front, form))
    except yaml.YAMLError:
        return True


def refused_by_loader(folder: GitFolder, front: str, form: str) -> set[str]:
    """The codes of the loader's errors, for a post that lacks nothing but what is in question."""
    fence = "---" if form == "yaml" else "+++"
    folder.write("posts/2026-03-24-a.md", f"{fence}\n{front}{fence}\n# T\n")
    loaded = load_posts(WorkTree(folder.path), parse_settings((SETTINGS + NAMED_BY_FILE).encode()))
    return {p.code for p in loaded.problems if p.severity == "error"}


def assert_agreed(folder: GitFolder, front: str, form: str) -> None:
    codes = refused_by_loader(folder, front, form)
    if not codes & UNSEEN:
        assert refused_by_schema(front, form) == bool(codes), (front, codes)


@pytest.mark.parametrize("form", ["yaml", "toml"])
def test_it_is_a_schema_with_every_key_of_the_table(form: Form) -> None:
    """Each key and each of its other names, at the top, for a channel and for a medium, with what it means."""
    made = schema(form)
    Draft7Validator.check_schema(made)
    channel = made["definitions"]["channels"]["anyOf"][2]["additionalProperties"]["anyOf"][0]
    medium = made["definitions"]["media"]["anyOf"][1]
    for keys, part in ((KEYS, made), (CHANNEL_KEYS, channel), (MEDIA_KEYS, medium)):
        assert list(part["properties"]) == [name for key in keys for name in (key.name, *key.aliases)]
        assert all(
            key.doc in part["properties"][name]["description"] for key in keys for name in (key.name, *key.aliases)
        )
        assert all(part["properties"][key.name]["examples"] == [example(key)] for key in keys)


@pytest.mark.parametrize("key", KEYS, ids=lambda k: k.name)
def test_every_example_is_sound(folder: GitFolder, key: Key) -> None:
    """The example of the table is what the key may hold: for the schema and for the loader."""
    folder.write("posts/linen.jpg", b"JPEG")
    front = f"{key.name}: {key.example}\n"
    assert not refused_by_schema(front, "yaml")
    assert VALIDATORS["yaml"].is_valid({key.name: example(key)})
    assert refused_by_loader(folder, front, "yaml") - UNSEEN == set()


YAML = """
id: spring | id: "été.2026" | id: 2026 | id: true | id: a b | id: "a/b" | id: "..." | id: "" | id: | id: [a] | slug: x!
title: T | title: 2026 | title: no | title: [T] | title: {a: b} | title:
summary: x | description: [x] | excerpt: 5
publish_at: 2026-03-24 | publish_at: 2026-03-24T09:00 | publish_at: "2026-03-24 09:00:30.5 +0100" | date: 2026-3-4
publish_at: soon | publish_at: 2026 | publish_at: 24.03.2026 | publish_at: next-slot | publish_at: [2026-03-24] | date: ""
timezone: Europe/Paris | timezone: 5 | timezone: [UTC]
fold: 1 | fold: 2 | fold: "2" | fold: 3 | fold: two | fold: true
expires_at: 2030-01-01T00:00Z | expires_at: never | expiryDate: 2030-01-01
retract: maybe | retract: false | draft: TRUE | draft: "yes" | draft: off | draft: 1 | draft: "" | published: No
late: publish | late: within 2h | late: within 1h30m | late: within | late: within 2 hours | late: later | late: 5 | late: ask
repeat: FREQ=DAILY | repeat: | repeat: daily | slots: weekday | slots: [x]
again: true | again: maybe | expires_at: next-slot
channels: brand | channels: "brand, lille" | channels: [brand, agencies] | channels: [] | channels: [[brand]] | channels: 5
channels: {brand: } | channels: {brand: {}} | channels: {brand: true} | channels: {brand: "FALSE"} | channels: {brand: hello}
channels: {brand: {text: x, skip: yes}} | channels: {brand: {txet: x}} | channels: [lille, {brand: {text: 5}}]
channels: {brand: {publish_at: 2026-03-24, timezone: UTC, late: skip}} | channels: {brand: {publish_at: soon}}
channels: {brand: {media: []}} | channels: {brand: {media: [{alt: x}]}} | channels: {brand: {late: 5, skip: true}}
overrides: [{channel: brand, text: x}] | overrides: {channel: brand, skip: true} | overrides: [] | overrides: | overrides: ""
overrides: [{text: x}] | overrides: [{channel: "", text: x}] | overrides: brand | overrides: [brand] | overrides: [{channel: brand, txet: x}]
overrides: [{channel: brand, publish_at: ""}] | overrides: [{channel: brand, publish_at: soon}] | overrides: [{channel: [brand]}]
channels: {brand: {publish_at: "", late: "", skip: ""}} | media: {file: "", image: a.png} | media: {file: a.png, focus: ""}
expires_at: "" | retract: "" | thread: "" | fold: "" | link: "" | timezone: "" | repeat: "" | media: "" | tags: "" | channels: ""
status: draft | status: retracted | status: Ready | status: maybe | status: scheduled | status: [draft] | status: ""
tags: a b | tags: [a, 2026, ~] | tags: 2026 | tags: {a: b} | tags: [[a]] | keywords: "a, b" | tags: []
language: fr | language: en_GB | language: no | language: French of course | lang: [fr] | language: ""
link: https://x.example/a?b#c | link: HTTP://x.example | link: mailto:a@b | link: https:// | link: "https://x y" | link: /x
link: https://a:b@x.example | canonical_url: https://x.example/@verne | link: 5
media: a.png | media: [a.png, {file: a.png, alt: x}] | media: {src: a.png} | media: {alt: x} | media: [[a.png]] | media: [] | media: //x/a.png | media: {file: "https://x.example/a.png"}
media: {file: a.png, focus: 0 0.5} | media: {file: a.png, focus: "-1, 1"} | media: {file: a.png, focus: [0.5, -0.5]}
media: {file: a.png, focus: middle} | media: {file: a.png, focus: [0, 2]} | media: {file: a.png, focus: [0]} | media: {file: [a]}
media: {file: a.png, caption: [x]} | cover: {image: a.png, relative: true} | media: {file: } | media: {image: a.png, file: b.png}
campaign: x | campaign: 2026 | campaign: [x]
thread: auto | thread: [never, retract] | thread: manual leave | thread: auto, resume | thread: {mode: never} | thread: {mode: x}
thread: sometimes | thread: [never, sometimes] | thread: 5 | thread: "" | thread: auto, | thread: [[auto]]
taxonomies: {tags: [a]} | taxonomies: {tags: {a: b}} | taxonomies: x | extra: {id: b} | extra: {id: a b} | extra: x | extra: {zz: [1]}
layout: post | sumary: x | params: {a: [b]}
"""
TOML = """
id = "spring" | id = 2026 | id = "a b" | title = "T" | title = 2026 | title = true | title = ["T"]
publish_at = 2026-03-24 | publish_at = 2026-03-24T09:00:00 | publish_at = 2026-03-24T09:00:00+01:00 | publish_at = 09:00:00
publish_at = "2026-03-24 09:00" | publish_at = 2026 | fold = 2 | fold = 3 | fold = "2" | draft = true | draft = "no" | draft = 1
late = "within 2h" | late = 2 | channels = ["brand"] | channels = "brand" | channels = [true] | channels.brand.text = "x"
channels.brand.text = 5 | channels.brand = true | channels.brand.publish_at = 2026-03-24 | channels.brand.wrong = 1
tags = ["a"] | tags = [1] | tags = "a b" | tags = 5 | language = "fr" | language = 5 | link = "https://x.example" | link = 5
media = [{file = "a.png", focus = [0, 0.5]}] | media = [{file = "a.png", focus = [0, 2]}] | media = [{alt = "x"}]
media = [{file = "a.png", alt = 5}] | media = [true] | thread = "never" | thread = ["never", "leave"] | thread = 5
thread = {mode = "never"} | taxonomies.tags = ["a"] | taxonomies.tags = [5] | extra.id = "b" | extra.id = 5 | extra.zz = 5
campaign = 5 | status = "draft" | status = "x" | repeat = "x" | timezone = "UTC" | timezone = 5 | params.x = [1]
publish_at = "" | media = "" | overrides = [{channel = "brand", text = "x"}] | overrides = [{channel = 5}] | overrides = "brand"
"""


def rows(corpus: str) -> list[str]:
    return [row.strip() for line in corpus.strip().splitlines() for row in line.split(" | ")]


@pytest.mark.parametrize("row", rows(YAML))
def test_yaml_is_judged_as_the_loader_judges_it(folder: GitFolder, row: str) -> None:
    """What the loader refuses, for a reason that is in the file, the schema refuses, and nothing else."""
    assert_agreed(folder, f"{row}\n", "yaml")


@pytest.mark.parametrize("row", rows(TOML))
def test_toml_is_judged_as_the_loader_judges_it(folder: GitFolder, row: str) -> None:
    """In TOML, too, where texts, numbers and dates are different things."""
    assert_agreed(folder, f"{row}\n", "toml")


def test_the_corpus_speaks_of_every_kind_both_ways(folder: GitFolder) -> None:
    """Each kind of key has a row that is sound and one that is not, so that agreement means something."""
    verdicts = {(re.split(r"[:=. ]", row)[0], refused_by_schema(f"{row}\n", "yaml")) for row in rows(YAML)}
    kinds = {name: key.kind for key in KEYS for name in (key.name, *key.aliases)}
    judged = {(kinds[name], refused) for name, refused in verdicts if name in kinds}
    assert judged >= {(key.kind, refused) for key in KEYS for refused in (True, False) if key.kind != "map"}


@given(st.sampled_from([key.name for key in KEYS]), TREES)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_is_judged_alike(folder: GitFolder, key: str, value: str) -> None:
    """Whatever stands at a key, schema and loader agree on it."""
    assert_agreed(folder, f"{key}: {value}\n", "yaml")
