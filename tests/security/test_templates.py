"""T1: a hostile template says nothing that it should not know, and takes no more than a message needs."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from presstime.errors import RenderError
from presstime.model import Json
from presstime.render import templates as stage
from presstime.render.budget import MAX_TEXT
from presstime.render.templates import Templates, plain_data
from tests.render.kit import PLAIN, post, say
from tests.security.kit import lines

ESCAPES, RUNAWAYS = lines("template_escapes.txt"), lines("template_runaways.txt")
PLAIN_TYPES = (str, int, float, bool, type(None))


def test_the_corpora_are_large_enough() -> None:
    """At least 40 ways out, each once."""
    assert len(set(ESCAPES)) == len(ESCAPES) >= 40
    assert len(set(RUNAWAYS)) == len(RUNAWAYS) >= 20


@pytest.mark.parametrize("source", ESCAPES)
def test_a_template_cannot_reach_out(source: str) -> None:
    """No attribute of Python's own, no method but those of words, no change of the data, no file, nothing random: it is
    refused as a mistake in the template."""
    with pytest.raises(RenderError) as caught:
        say(post(tags=("one", "two words")), PLAIN, templates=Templates({"plain.j2": source}))
    assert caught.value.code == "template"


def test_what_a_refused_template_tried_changed_nothing() -> None:
    """The post is the same afterwards, for the templates of other channels."""
    a_post = post(tags=("one",), extra={"list": [1], "map": {"a": 1}})
    for source in (
        "{{ post.extra.list.append(2) }}",
        "{{ post.extra.map.update({'a': 2}) }}",
        "{% set post.title = 1 %}",
    ):
        with pytest.raises(RenderError):
            say(a_post, PLAIN, templates=Templates({"plain.j2": source}))
    assert a_post == post(tags=("one",), extra={"list": [1], "map": {"a": 1}})


@pytest.fixture(scope="module")
def taken() -> list[dict[str, Any]]:
    """What each runaway took, one after the other in one process, and last what an ordinary template took there."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.security.worker"],
        input=json.dumps(RUNAWAYS),
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "flows"), str(root)])},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is bounded as Linux does it")
def test_a_runaway_is_stopped_and_the_worker_lives(taken: list[dict[str, Any]]) -> None:
    """Each ends as a mistake in the template, within 2 s of processor time and 256 MiB for all of them together; then the
    same process renders an ordinary template."""
    assert len(taken) == len(RUNAWAYS) + 1
    for source, one in zip(RUNAWAYS, taken, strict=False):
        assert one["code"] == "template", source
        assert one["seconds"] < 2, source
    assert taken[-1]["code"] is None
    assert taken[-1]["size"] > 0


@pytest.mark.parametrize("size", [MAX_TEXT - 100, MAX_TEXT + 5000])
def test_a_template_says_64_kib_at_most(size: int) -> None:
    """Beyond what the post itself says."""
    feed = {"plain.j2": "{% for i in range(" + str(size // 1000) + ") %}" + "x" * 1000 + "{% endfor %}"}
    data = {"post": {"body": ""}}
    if size <= MAX_TEXT:
        assert len(Templates(feed).say("brand", "plain", data)) == size // 1000 * 1000
        return
    with pytest.raises(RenderError, match="more than"):
        Templates(feed).say("brand", "plain", data)


def test_a_template_is_no_larger_than_64_kib() -> None:
    """Nor is a file that it includes: reading one takes time, too."""
    large = "{# " + "x" * MAX_TEXT + " #}"
    for files in ({"plain.j2": large}, {"plain.j2": "{% include 'large.j2' %}", "large.j2": large}):
        with pytest.raises(RenderError, match="longer than") as caught:
            say(post(), PLAIN, templates=Templates(files))
        assert caught.value.code == "template"


class Odd(str):
    """A text with something to reach for."""

    secret = "no"


ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.dates(), st.binary(),
    st.text().map(Odd), st.just(object()), st.just(Odd), st.just(len), st.just(Path()),
)  # fmt: skip
DATA = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text(), st.integers()), inner),
        st.frozensets(ATOMS),
    ),
    max_leaves=20,
)


def is_plain(value: Any) -> bool:
    """Whether it is text, numbers, lists and maps of Python's own types, all the way down."""
    if type(value) is dict:
        return all(type(key) is str and is_plain(item) for key, item in value.items())
    return all(map(is_plain, value)) if type(value) is list else type(value) in PLAIN_TYPES


@given(DATA)
@settings(deadline=None)
def test_data_is_plain(value: Any) -> None:
    """Whatever a caller hands in, objects are turned into text: a template cannot reach their attributes."""
    assert is_plain(plain_data(value))
    assert plain_data({"a": Odd("x"), 1: (date(2026, 1, 2), None, True, {1.5})}) == {
        "a": "x",
        "1": ["2026-01-02", None, True, [1.5]],
    }


@given(st.dictionaries(st.text(), DATA, max_size=4))
@settings(deadline=None)
def test_a_template_gets_plain_data_only(extra: dict[str, Any]) -> None:
    """All of what a template is given when a post is rendered, the post's unknown keys and the channel's variables too."""
    seen: list[Mapping[str, Json]] = []

    def generate(template: object, data: Mapping[str, Json], size: int) -> str:
        seen.append(data)
        return "words"

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stage, "generate", generate)
        say(post(extra=extra), PLAIN, variables=extra)
    assert len(seen) == 1
    assert is_plain(seen[0])
    assert {"post", "channel", "newsroom", "network", "text", "link", "hashtags", "occurrence"} <= seen[0].keys()
