"""One post that has everything, on every network, word for word: what readers see, and the request that says it.

`PRESSTIME_GOLDEN=write` writes the files anew; what changed in them is then for a person to read.
"""

import json
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from presstime import networks
from presstime.model import Channel, Late, Post, Target, Traits
from presstime.render import Rendered, Templates, render
from tests.render.kit import picture, post, ref

GOLDEN = Path(__file__).with_name("golden")
NETWORKS = [name for name in networks.names() if name != "memory"]
TEMPLATES = Templates()
FILES = {"1" * 40: picture((400, 320), "JPEG"), "2" * 40: picture((400, 400), "JPEG", color="gold")}
PICTURES = tuple(
    ref(FILES[blob], f"media/{name}", alt, blob)
    for blob, name, alt in (("1" * 40, "train.jpg", 'A "night" train [blue]'), ("2" * 40, "map.jpg", "A map"))
)


@cache
def kitchen_sink(media: bool) -> Post:
    return post(
        (GOLDEN / "kitchen-sink.md").read_text(encoding="utf-8"),
        title="A *night* train & <more>, #1",
        link="https://verne.example/journal/launch",
        language="en",
        tags=("open source", "rail & sea"),
        media=PICTURES[: 2 if media else 0],
    )


def said(network: str, media: bool) -> Rendered:
    kind = networks.load(network)
    shown = PICTURES[: min(2 if media else 0, kind.traits.media.max_count)] if kind.traits.media else ()
    target = Target("brand", datetime(2026, 3, 1, 9, tzinfo=UTC), Late(), media=shown)
    channel = Channel("brand", network, account="@brand")
    return render(
        kitchen_sink(media), target, channel, kind.traits, kind.compose, {"name": "Verne", "vars": {}}, TEMPLATES,
        FILES.__getitem__,
    )  # fmt: skip


def shown(rendered: Rendered) -> str:
    """The messages as readers get them, then the requests."""
    parts = []
    for segment in rendered.variant.segments:
        parts.append(f"==== {segment.index + 1}: {segment.length} of {segment.limit} {segment.unit}\n{segment.text}\n")
        if segment.plain:
            parts.append(f"---- plain\n{segment.plain}\n")
    payloads = [segment.payload for segment in rendered.variant.segments]
    whole = "\n".join([*parts, "==== requests", json.dumps(payloads, ensure_ascii=False, indent=1), ""])
    for number, item in enumerate(rendered.variant.attachments(), start=1):
        whole = whole.replace(item.digest, f"DIGEST-{number}")  # an encoder's version is nothing to us
    return whole


def wants_picture(traits: Traits) -> bool:
    return traits.media is not None and traits.media.required


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("media", [False, True], ids=["words", "pictures"])
def test_the_kitchen_sink(network: str, media: bool) -> None:
    """Each construct of Markdown, sign, script and picture comes out as the network's own form has it."""
    if not media and wants_picture(networks.load(network).traits):
        pytest.skip("there is no post without a picture")
    file = GOLDEN / f"{network}{'-pictures' if media else ''}.txt"
    found = shown(said(network, media))
    if os.environ.get("PRESSTIME_GOLDEN") == "write":
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")
