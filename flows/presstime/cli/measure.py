"""`presstime measure`: how long a text is, as a network counts it."""

import json
import sys
from collections.abc import Iterator
from typing import BinaryIO

import click

from presstime.cli.voice import spoken
from presstime.errors import UsageError
from presstime.model import JsonObject, Traits
from presstime.networks import load
from presstime.render.measure import measure, over


@click.command()
@click.option("--network", required=True, help="Whose rules to count by, e.g. bluesky.")
@click.option("--lines", is_flag=True, help="Read one JSON string a line, write one JSON object a line.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", help="For people, or for programs.")
def command(network: str, lines: bool, format: str) -> None:
    """Measure the text on standard input in a network's own unit.

    The last line's end is not counted. The limit is that of a message without media."""
    traits = load(network).traits
    if lines:
        for text in _strings(sys.stdin.buffer):
            click.echo(json.dumps(_measured(text, traits)))
        return
    text = _decoded(sys.stdin.buffer.read(), "standard input").removesuffix("\n").removesuffix("\r")
    found = _measured(text, traits)
    click.echo(json.dumps(found) if format == "json" else spoken(_sentence(text, found, traits)))


def _measured(text: str, traits: Traits) -> JsonObject:
    rule = traits.text
    return {"length": measure(text, rule), "limit": rule.limit, "unit": rule.unit, "fits": not over(text, rule)}


def _sentence(text: str, found: JsonObject, traits: Traits) -> str:
    """For people: `26 of 280 (weighted): fits X`; where only bytes are too many, it says so."""
    size = f"{found['length']} of {found['limit']} ({found['unit']})"
    if found["fits"]:
        return f"{size}: fits {traits.title}"
    excess = over(text, traits.text)
    unit = found["unit"] if found["length"] > found["limit"] else f"bytes of UTF-8 (at most {traits.text.max_bytes})"
    return f"{size}: {excess} too many for {traits.title}, in {unit}"


def _decoded(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} is not UTF-8: {error.reason}", "Save the text as UTF-8.") from None


def _strings(source: BinaryIO) -> Iterator[str]:
    """Each line's JSON string. Raises `UsageError` with the number of a line that holds none."""
    for number, data in enumerate(source, start=1):
        line = _decoded(data, f"line {number}")
        if not line.strip():
            continue
        try:
            text = json.loads(line)
        except json.JSONDecodeError as error:
            raise UsageError(f"line {number} is not JSON: {error.msg}", "Write one JSON string a line.") from None
        if not isinstance(text, str):
            raise UsageError(f"line {number} is not a JSON string", "Write one JSON string a line.")
        yield text
