"""Networks that fetch media by address: from a real S3 server, by a signed address, the twin in the sandbox fetches the bytes."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from presstime.sandbox.graph import node_id
from presstime.sandbox.server import SandboxServer
from presstime.wire import open_desk
from tests.cli.kit import Newsroom, posts_on
from tests.render.kit import picture

NOW = datetime.now(UTC).replace(microsecond=0)
INSTAGRAM = f"""
[channels.verne-instagram]
network = "instagram"
account = "{node_id("verne")}"
credentials = "env:INSTAGRAM_TOKEN"
"""


@pytest.fixture
def pictured(newsroom: Newsroom) -> Newsroom:
    """A newsroom with an Instagram channel and a post with a picture for it."""
    newsroom.folder.write("presstime.toml", newsroom.settings + INSTAGRAM)
    newsroom.folder.write("media/train.jpg", picture((640, 480), "JPEG"))
    newsroom.folder.post(
        "train",
        "The night train.",
        NOW - timedelta(minutes=1),
        channels="[verne-instagram]",
        media="[{file: train.jpg, alt: A night train}]",
    )
    newsroom.folder.commit()
    return newsroom


def test_the_twin_fetches_what_was_put_there(
    pictured: Newsroom, sandbox: SandboxServer, prefect: Mapping[str, str]
) -> None:
    """With the sandbox on this machine the picture is put into the bucket, fetched from its address, and shown."""
    env = {**prefect, "INSTAGRAM_TOKEN": "sandbox-verne"}
    found = pictured.call("publish", "--sandbox", sandbox.url, env=env)
    assert found.code == 0, found.said
    (shown,) = posts_on(sandbox.url)[0]["media"]
    assert shown["alt"] == "A night train"
    log = pictured.call("audit", "log", "--delivery", "train/verne-instagram", "--format", "json").out
    assert ("container" in log, "X-Amz-Signature" in log) == (True, False)  # the address is nobody else's


def test_refused_where_the_network_could_not_get_it(pictured: Newsroom, prefect: Mapping[str, str]) -> None:
    """A bucket on this machine is told at check time, at the channel; at publish time it waits for a person, and no request was
    made of the network."""
    check = pictured.call("check")
    assert (check.code, "hidden-media" in check.out, "[media]" in check.out) == (1, True, True), check.said
    found = pictured.call("publish", env={**prefect, "INSTAGRAM_TOKEN": "x"})
    assert found.code == 1
    assert "train/verne-instagram  deferred" in found.out
    assert "cannot be fetched by the network" in found.out


def test_an_address_of_the_desk(pictured: Newsroom, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an adapter is given shows the very bytes, with their type, to anybody."""
    env = {**pictured.env, "PRESSTIME_SANDBOX": sandbox.url, "INSTAGRAM_TOKEN": "sandbox-verne"}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, env[name])
    with open_desk(pictured.folder.path, env) as desk:
        assert [p.code for p in desk.problems if p.code == "hidden-media"] == []
        post = next(iter(desk.newsroom.loaded.each()))
        rendered = desk.words.render(desk.newsroom.loaded.whole(post), post.targets[0])
        item = rendered.variant.segments[0].media[0]
        show = desk.adapter("verne-instagram").address_of
        assert show is not None
        answer = httpx.get(show(item, rendered.files[item.digest]), trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content == rendered.files[item.digest]
