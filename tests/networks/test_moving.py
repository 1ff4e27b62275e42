"""Films and moving pictures: what each network says of them, and requests that carry them."""

import sys
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from presstime import networks
from presstime.errors import RenderError
from presstime.model import Accepted, MediaRule, MovingRule, Refused, Segment
from presstime.networks import mastodon
from presstime.render import Rendered
from presstime.render.media import prepare_image
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.networks.test_composers import composed
from tests.render.clips import mp4
from tests.render.kit import picture, post, ref, say
from tests.suites.network import Sender

MIB = 1024 * 1024
# As the vendors state them (their pages are named in each network's module): types, bytes, seconds, whether alone.
FILMS: Mapping[str, tuple[str, int, tuple[float | None, float | None], bool]] = {
    "discord": ("mp4 webm quicktime", 10 * MIB, (None, None), False),
    "discord_webhook": ("mp4 webm quicktime", 10 * MIB, (None, None), False),
    "feed": ("mp4 webm quicktime", 500_000_000, (None, None), False),
    "instagram": ("mp4 quicktime", 300_000_000, (3, 900), True),
    "linkedin": ("mp4", 500_000_000, (3, 1800), True),
    "linkedin_member": ("mp4", 500_000_000, (3, 1800), True),
    "mastodon": ("mp4 webm quicktime", 99 * MIB, (None, None), True),
    "matrix": ("mp4 webm quicktime", 50_000_000, (None, None), True),
    "telegram": ("mp4", 50_000_000, (None, None), True),
    "threads": ("mp4 quicktime", 1_000_000_000, (None, 300), False),
}
WITHOUT = sorted(
    name for name in networks.names() if name not in FILMS and name != "memory" and networks.load(name).traits.media
)


def gif(frames: int = 2, size: tuple[int, int] = (40, 30)) -> bytes:
    out = BytesIO()
    images = [Image.new("RGB", size, (n * 80 % 256, n % 256, 90)) for n in range(frames)]
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=100)
    return out.getvalue()


def said(network: str, *files: bytes, **more: Any) -> Rendered:
    """A post with these files, rendered for a network as it is."""
    known = {str(n) * 40: data for n, data in enumerate(files)}
    media = tuple(ref(data, f"media/{n}", blob=blob) for n, (blob, data) in enumerate(known.items()))
    kind = networks.load(network)
    return say(
        post(link="https://verne.example/p", media=media), kind.traits, files=known, compose=kind.compose, **more
    )


def test_the_limits_of_films_are_those_of_the_vendors() -> None:
    """One line for each network that takes them; the others take none."""
    rules = {name: rule for name in networks.names() if (rule := networks.load(name).traits.media)}
    found = {
        name: (
            " ".join(mime.removeprefix("video/") for mime in rule.video.mimes),
            rule.video.max_bytes,
            (rule.video.min_seconds, rule.video.max_seconds),
            rule.video.alone,
        )
        for name, rule in rules.items()
        if rule.video
    }
    assert found == FILMS


@pytest.mark.parametrize("network", sorted(FILMS))
def test_a_film_goes_as_it_is(network: str) -> None:
    """Its bytes are those of the file in Git, the request carries it, and nothing in it calls the film a picture."""
    pytest.importorskip("pymediainfo", reason="the extra `video` is not installed")
    data = mp4(seconds=4)
    rendered = said(network, data)
    [item] = rendered.variant.attachments()
    assert (item.mime, rendered.files[item.digest]) == ("video/mp4", data)
    request = str(composed(network, media=(item,)))
    multipart = network in ("discord", "discord_webhook", "telegram")
    assert multipart or network == "feed" or item.digest in request
    assert not any(word in request.lower() for word in ("image", "photo", "'w': 0"))


@pytest.mark.parametrize("network", WITHOUT)
def test_where_films_are_not_taken_it_is_told(network: str) -> None:
    """When the post is checked, with what is taken and what to do; never by the network at the hour of publishing."""
    with pytest.raises(RenderError, match="video/mp4 is not taken here, only image/jpeg") as caught:
        said(network, mp4())
    assert caught.value.code == "media-type"
    assert "Give this channel other `media`" in caught.value.advice


@pytest.mark.parametrize("network", ["bluesky", "threads", "facebook", "linkedin"])
def test_a_channel_with_other_media_is_spared_the_film(network: str) -> None:
    """What the advice says helps: no card shows the film in small. A picture of the post serves as before."""
    film, still = mp4(), picture()
    bare = said(network, film, media=()).variant
    assert bare.attachments() == ()
    assert bare.segments[0].card
    assert [item.mime for item in said(network, film, still, media=()).variant.attachments()] == ["image/png"]


@pytest.mark.parametrize(
    ("network", "files", "message"),
    [
        ("x", [gif(351, (8, 6))], "351 pictures, at most 350"),
        ("x", [gif(2, (1281, 10))], "1281 pixels wide, at most 1,280"),
        ("x", [gif(2, (10, 1081))], "1081 pixels high, at most 1,080"),
        ("x", [gif(), picture()], "only as the one medium"),
        ("x", [gif(), gif(3)], "only as the one medium"),
        ("linkedin", [gif(251, (8, 6))], "251 pictures, at most 250"),
        ("telegram", [gif(), picture()], "only as the one medium"),
        ("telegram", [mp4(), picture()], "only as the one medium"),
        ("mastodon", [mp4(), picture()], "only as the one medium"),
        ("mastodon", [mp4(4096, 2160)], "8,847,360 pixels in all, at most 8,294,400"),
        ("mastodon", [mp4(fps=200)], "200 pictures a second, at most 120"),
        ("instagram", [mp4(seconds=2)], "2.0 seconds, at least 3"),
        ("threads", [mp4(seconds=301, fps=1)], "301.0 seconds, at most 300"),
    ],
)
def test_what_a_network_does_not_take_is_told(network: str, files: list[bytes], message: str) -> None:
    """Each of its limits, by the traits that it is published with."""
    pytest.importorskip("pymediainfo", reason="the extra `video` is not installed")
    with pytest.raises(RenderError, match=message):
        said(network, *files)


@pytest.mark.parametrize("network", ["x", "mastodon", "telegram", "linkedin", "discord", "feed", "bluesky"])
def test_a_moving_gif_goes_as_it_is(network: str) -> None:
    """And one that does not move is a picture like others, wherever pictures go."""
    moving, still = gif(), picture(kind="GIF", mode="P", color=3)
    rendered = said(network, moving)
    assert list(rendered.files.values()) == [moving]
    assert len(said(network, still, picture()).variant.attachments()) == 2


@pytest.mark.parametrize("limit", [{"max_pixels": 100}, {"max_fps": 5}, {"max_seconds": 5}, {"min_ratio": 1}])
def test_each_limit_alone_wants_the_film_looked_at(monkeypatch: pytest.MonkeyPatch, limit: dict[str, Any]) -> None:
    """Without the library that reads its headers none of them is passed over: the error names the extra."""
    monkeypatch.setitem(sys.modules, "pymediainfo", None)
    data, rule = mp4(), MediaRule(1, ("image/png",), 10, video=MovingRule(("video/mp4",), 10**6, **limit))
    with pytest.raises(RenderError, match="cannot be checked here") as caught:
        prepare_image(data, ref(data), rule)
    assert caught.value.code == "no-probe"


@pytest.mark.parametrize("network", ["mastodon", "instagram", "threads", "linkedin"])
def test_without_the_library_nothing_is_promised(monkeypatch: pytest.MonkeyPatch, network: str) -> None:
    """A network with limits that only the headers tell of wants the extra, said when the post is checked."""
    monkeypatch.setitem(sys.modules, "pymediainfo", None)
    with pytest.raises(RenderError) as caught:
        said(network, mp4(seconds=4, width=322))
    assert (caught.value.code, "presstime[video]" in caught.value.advice) == ("no-probe", True)


# --- sent -------------------------------------------------------------------------------------------------------------


def test_mastodon_is_waited_for_longer_with_a_film(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is encoded anew there: the waits of a picture would end too early, and each new try uploads it again."""
    assert sum(mastodon.WAITS_MOVING) > 5 * sum(mastodon.WAITS)
    monkeypatch.setattr(mastodon, "WAITS", ())
    monkeypatch.setattr(mastodon, "WAITS_MOVING", (0, 0, 0))
    bench = SandboxBench(sandbox, "mastodon")
    sender = Sender(bench, "slow-film")
    bench.fault("slow-film", "processing")
    for n, item in enumerate((sender.film(), sender.animation())):
        sender.receipt(sender.orders(Segment(0, f"{n}", media=(item,)), name=f"{n}")[0])
    assert [p["kinds"] for p in bench.posts("slow-film")] == [["video/mp4"], ["image/gif"]]


def test_mastodon_takes_a_film_alone_and_gifs_together(sandbox: SandboxServer) -> None:
    """As the server has it: what the traits allow is accepted, what they refuse it refuses too."""
    bench = SandboxBench(sandbox, "mastodon")
    sender = Sender(bench, "mixed")
    film, moving, still = sender.film(), sender.animation(), sender.pictures("teal")[0]
    together = sender.send(sender.orders(Segment(0, "a", media=(moving, still)), name="a")[0])
    assert isinstance(together, Accepted)
    mixed = sender.send(sender.orders(Segment(0, "b", media=(film, still)), name="b")[0])
    assert isinstance(mixed, Refused)
    assert "already contains images" in mixed.reason


@pytest.mark.parametrize(("kind", "method"), [("film", "sendVideo"), ("animation", "sendAnimation")])
def test_telegram_has_a_method_for_each(sandbox: SandboxServer, kind: str, method: str) -> None:
    """Its words are edited and it is taken down like any other message."""
    bench = SandboxBench(sandbox, "telegram")
    account = f"moves-{kind}"
    sender = Sender(bench, account)
    item = sender.film() if kind == "film" else sender.animation()
    order = sender.orders(Segment(0, "avant", media=(item,)))[0]
    receipt = sender.receipt(order)
    assert sandbox.state.calls[-1]["path"].endswith(f"/{method}")
    assert sender.edit(sender.orders(Segment(0, "après", media=(item,)))[0], receipt) == Accepted(receipt)
    assert [(p["text"], p["kinds"]) for p in bench.posts(account)] == [("après", [item.mime])]
    assert sender.retract(order, receipt) == Accepted(receipt)
    assert bench.posts(account) == []


def test_a_film_has_its_place_in_the_sandbox_s_pages(sandbox: SandboxServer) -> None:
    """A player that the page's own policy lets load it, and the file under its own type."""
    import httpx

    bench = SandboxBench(sandbox, "mastodon")
    sender = Sender(bench, "seen")
    receipt = sender.receipt(sender.orders(Segment(0, "vu", media=(sender.film(),)))[0])
    page = httpx.get(str(receipt.url))
    assert "media-src 'self'" in page.headers["content-security-policy"]
    address = page.text.partition('<video src="')[2].partition('"')[0]
    film = httpx.get(sandbox.url + address)
    assert (film.headers["content-type"], film.content) == ("video/mp4", mp4())


def test_feeds_attach_films(tmp_path: Any) -> None:
    """JSON Feed's `attachments` and Atom's `enclosure`, with type and size; `image` is a picture, or there is none."""
    import json

    from presstime.model import Channel
    from presstime.networks.feed import Feed

    class Bench:
        def adapter(self, account: str, token: str | None = None) -> Feed:
            return Feed(
                Channel("site", "feed", options={"path": str(tmp_path), "url": "https://verne.example/f"}), None
            )

    sender = Sender(Bench(), "a")  # type: ignore[arg-type]
    film, still = sender.film(), sender.pictures("teal")[0]
    for name, media in (("alone", (film,)), ("both", (film, still))):
        sender.receipt(sender.orders(Segment(0, "<p>Voir</p>", media=media), name=name)[0])
    items = {item["id"].rpartition(":")[2]: item for item in json.loads((tmp_path / "feed.json").read_text())["items"]}
    alone, both = items["alone/channel"], items["both/channel"]
    address = f"https://verne.example/f/media/{film.digest}.mp4"
    assert alone["attachments"] == [
        {"url": address, "mime_type": "video/mp4", "title": film.alt, "size_in_bytes": film.size}
    ]
    assert "image" not in alone
    assert both["image"].endswith(f"{still.digest}.png")
    assert f'<video src="{address}"' in alone["content_html"]
    assert f'href="{address}" type="video/mp4"' in (tmp_path / "atom.xml").read_text()
    assert f'length="{film.size}"' in (tmp_path / "atom.xml").read_text()
    assert (tmp_path / "media" / f"{film.digest}.mp4").read_bytes() == sender.files[film.digest]
