"""The mastodon adapter against its twin, over HTTP."""

from dataclasses import replace
from datetime import timedelta

import pytest

from presstime.errors import NetworkError
from presstime.model import (
    LIMITS,
    Accepted,
    Channel,
    Deferred,
    Metric,
    Receipt,
    Secret,
    Segment,
    Span,
    Unknown,
    digest_of,
)
from presstime.networks import mastodon
from presstime.networks.htmltext import text_of
from presstime.networks.sizes import sizes_of
from presstime.render.entities import find
from presstime.render.measure import measure
from presstime.sandbox import mastodon as twin
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.suites.network import NetworkSuite, Sender


class TestSuite(NetworkSuite):
    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "mastodon")


@pytest.fixture
def bench(sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, "mastodon")


def test_a_picture_still_being_worked_on_is_waited_for(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's 202 is not an id to post with: the adapter looks until it is done, while preparing."""
    monkeypatch.setattr(mastodon, "WAITS", (0, 0, 0))
    account = "slow-picture"
    sender = Sender(bench, account)
    bench.server.state.faults.add({"network": "mastodon", "kind": "processing"})
    sender.receipt(sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0])
    assert len(bench.posts(account)[0]["alts"]) == 1


def test_a_picture_that_is_never_done(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The looking ends: preparing failed, and may be tried again."""
    monkeypatch.setattr(mastodon, "WAITS", ())
    sender = Sender(bench, "stuck-picture")
    bench.server.state.faults.add({"network": "mastodon", "kind": "processing"})
    with pytest.raises(NetworkError) as caught:
        sender.send(sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0])
    assert not caught.value.needs_person


def test_the_channels_visibility(bench: SandboxBench) -> None:
    """Option `visibility` goes with every status."""
    channel = bench.channel("visibility")
    adapter = mastodon.Mastodon(replace(channel, options={"visibility": "unlisted"}), Secret("sandbox-vis"))
    order = Sender(bench, "visibility").text("Discret")
    assert isinstance(adapter.send(order), Accepted)
    assert next(p for p in bench.server.state.posts if p.account == "vis").data["visibility"] == "unlisted"


def test_a_read_back_goes_as_far_as_it_must(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It pages back to the nominal instant; where that is too far, it says so instead of "not there"."""
    account = "busy"
    sender = Sender(bench, account)
    order = sender.text("Tout au fond")
    receipt = sender.receipt(order)
    for n in range(90):
        sender.adapter.send(sender.text(f"{n}", f"post-{n}"))
    assert sender.adapter.find(order) == receipt
    monkeypatch.setattr(mastodon, "PAGES", 2)
    with pytest.raises(NetworkError, match="far enough"):
        sender.adapter.find(order)


def media_of(bench: SandboxBench, account: str) -> list[tuple[str, ...]]:
    return [post.media for post in bench.server.state.posts if post.account == bench.named(account)]


def test_an_edit_keeps_the_pictures_the_server_has(bench: SandboxBench) -> None:
    """A picture that stays is the same attachment as before, not another upload; so is one that only changes its place."""
    account = "kept"
    sender = Sender(bench, account)
    teal, plum, gold = sender.pictures("teal", "plum", "gold")
    receipt = sender.receipt(sender.orders(Segment(0, "avant", media=(teal, plum)))[0])
    [(first, second)] = media_of(bench, account)
    edited = sender.edit(sender.orders(Segment(0, "après", media=(plum, gold, teal)))[0], receipt)
    [(one, two, three)] = media_of(bench, account)
    assert (one, three) == (second, first)
    assert edited.receipt.data["media"] == {plum.digest: one, gold.digest: two, teal.digest: three}


def test_an_edit_can_take_every_picture_away(bench: SandboxBench) -> None:
    """An order without pictures leaves none, and one with pictures brings them back."""
    account = "bare"
    sender = Sender(bench, account)
    media = sender.pictures("teal")
    receipt = sender.receipt(sender.orders(Segment(0, "avant", media=media))[0])
    assert sender.edit(sender.text("après"), receipt).receipt.data == {}
    assert media_of(bench, account) == [()]
    assert bench.server.state.calls[-1]["body"]["media_ids"] == []  # said, not left to the server's reading
    sender.edit(sender.orders(Segment(0, "encore", media=media))[0], receipt)
    assert len(media_of(bench, account)[0]) == 1


def test_an_edit_needs_only_the_new_pictures(bench: SandboxBench) -> None:
    """What the server has need not be prepared; what it has not is not left out."""
    sender = Sender(bench, "unprepared")
    media = sender.pictures("teal", "plum")
    receipt = sender.receipt(sender.orders(Segment(0, "avant", media=media[:1]))[0])
    assert isinstance(sender.adapter.edit(sender.orders(Segment(0, "a", media=media[:1]))[0], receipt), Accepted)
    assert isinstance(sender.adapter.edit(sender.orders(Segment(0, "b", media=media))[0], receipt), Deferred)


def test_a_receipt_from_a_read_back_serves_an_edit(bench: SandboxBench) -> None:
    """What is found after a lost reply knows its pictures as the answer would have."""
    sender = Sender(bench, "lost")
    order = sender.orders(Segment(0, "avant", media=sender.pictures("teal", "plum")))[0]
    receipt = sender.receipt(order)
    assert receipt.data["media"]
    assert sender.adapter.find(order) == receipt


def test_an_older_status_with_the_same_words_is_not_ours(bench: SandboxBench) -> None:
    """Last month's post of the same text says nothing about today's."""
    sender = Sender(bench, "again")
    order = sender.text("Bonne année")
    sender.receipt(order)
    assert sender.adapter.find(replace(order, at=order.at + timedelta(days=30))) is None


# --- the server's own limits ---


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server says that it takes 300 characters, and counts a link as 30: fewer than a stock one, and it holds to it."""
    traits = twin.TRAITS.limited({"characters": 300, "url_weight": 30})
    monkeypatch.setattr(twin, "TRAITS", traits)


def test_a_server_says_its_limits(bench: SandboxBench, small: None) -> None:
    """`limits` gives what the server says, under the names that a channel writes."""
    limits = Sender(bench, "limits").adapter.limits()
    assert limits["characters"] == 300
    assert limits["url_weight"] == 30
    assert limits.keys() == LIMITS.keys()
    assert all(type(value) is int for value in limits.values())


def test_what_a_server_does_not_tell_is_not_made_up(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that is missing, empty or not there at all is none; a post goes out all the same."""
    sender = Sender(bench, "reserved")
    monkeypatch.setattr(mastodon, "SAID", {"characters": ("statuses", "none"), "media": ("nowhere", "none")})
    assert sender.adapter.limits() == {}
    assert isinstance(sender.send(sender.text("Bonjour")), Accepted)


def measured(segment: Segment, **limits: int) -> Segment:
    """As the render stage hands it over."""
    rule = mastodon.TRAITS.limited(limits).text
    found = find(segment.text, "mastodon")
    links = tuple(Span(e.start, e.end, "link", e.value) for e in found if e.kind == "link")
    return replace(segment, spans=links, length=measure(segment.text, rule), limit=rule.limit)


def test_more_than_the_server_takes_is_said_before_it_is_sent(bench: SandboxBench, small: None) -> None:
    """Nothing is uploaded or sent; the error says how much it takes and which line to write where. It is about this post:
    others of the channel go on."""
    account = "much"
    sender = Sender(bench, account)
    order = sender.orders(measured(Segment(0, "m" * 301, media=sender.pictures("teal"))))[0]
    with pytest.raises(NetworkError) as caught:
        sender.send(order)
    assert (caught.value.needs_person, caught.value.alone) == (True, True)
    assert "at most 300 characters (this is 301)" in caught.value.message
    assert "[channels.channel.limits]" in caught.value.advice
    assert "characters = 300; url_weight = 30" in caught.value.advice
    assert [c["operation"] for c in bench.server.state.calls if c.get("account") == bench.named(account)] == []
    assert isinstance(sender.send(sender.orders(measured(Segment(0, "m" * 300)))[0]), Accepted)


@pytest.mark.parametrize(("words", "fits"), [(270, True), (271, False)])
def test_a_link_counts_as_the_server_counts_it(bench: SandboxBench, small: None, words: int, fits: bool) -> None:
    """A server that counts a link as 30 has 7 letters less for the rest; a channel that knows it measures so itself."""
    text = "m" * (words - 1) + " https://example.org/a"
    for limits in ({}, {"url_weight": 30}):
        sender = Sender(bench, f"links-{words}")
        adapter = mastodon.Mastodon(replace(bench.channel("links"), limits=limits), Secret("sandbox-links"))
        sender.adapter = adapter
        order = sender.orders(measured(Segment(0, text), **limits), name=f"{words}-{limits}")[0]
        if fits:
            assert isinstance(sender.send(order), Accepted)
        else:
            with pytest.raises(NetworkError, match="this is 301"):
                sender.send(order)


def test_every_limit_is_looked_at(bench: SandboxBench) -> None:
    """Count, size and dimensions of pictures and films, and alt texts."""
    sender = Sender(bench, "each")
    pictures, film = sender.pictures("teal", "plum"), replace(sender.film(), width=40, height=10)
    orders = sender.orders(Segment(0, "x", media=pictures)), sender.orders(Segment(0, "x", media=(film,)))
    sizes = [sizes_of(order.variant) for [order] in orders]
    assert {name: sizes[0][name] for name in ("media", "image_pixels", "image_bytes", "video_bytes")} == {
        "media": 2,
        "image_pixels": 48,
        "image_bytes": max(p.size for p in pictures),
        "video_bytes": 0,
    }
    assert (sizes[1]["video_pixels"], sizes[1]["video_bytes"], sizes[1]["alt"]) == (400, film.size, len(film.alt))
    assert sizes[0].keys() | {"video_fps", "url_weight"} == LIMITS.keys()


def test_the_server_is_asked_once(bench: SandboxBench) -> None:
    """An adapter lives for a pass: its deliveries share what the server said."""
    before = bench.server.state.counts["mastodon getInstance"]
    sender = Sender(bench, "once-asked")
    for n in range(3):
        sender.receipt(sender.text(f"{n}", f"post-{n}"))
    assert bench.server.state.counts["mastodon getInstance"] == before + 1


# --- the rest ---


def test_another_text_under_a_used_key(bench: SandboxBench) -> None:
    """The server's key does not look at the body: another text under it would be answered with the old status, as if it were
    out. So the engine's key is drawn from the words' digest as well, and the old words are settled, not the new ones sent."""
    account = "keys"
    sender = Sender(bench, account)
    order = sender.text("avant")
    bench.fault(account, "drop-after")
    assert isinstance(sender.send(order), Unknown)
    other = replace(sender.text("après"), key=order.key)
    swallowed = sender.receipt(other)
    assert [(post["id"], post["text"]) for post in bench.posts(account)] == [(swallowed.id, "avant")]
    with_own_keys = [
        replace(o, key=digest_of([str(o.delivery), o.variant.digest, 0]))  # as publish/send.py makes it
        for o in (sender.text("avant"), sender.text("après"))
    ]
    receipts = [sender.receipt(o) for o in with_own_keys]
    assert [post["text"] for post in bench.posts(account)][1:] == ["avant", "après"]
    assert len({swallowed.id, *(r.id for r in receipts)}) == 3


def test_the_rights_of_a_token(bench: SandboxBench) -> None:
    """Those of its app, and which of the needed ones are not among them."""
    assert Sender(bench, "all", "sandbox-all").adapter.identity().lacking == ()
    reader = Sender(bench, "reader", "sandbox-readonly").adapter.identity()
    assert (reader.rights, reader.lacking) == (("read",), ("write:statuses", "write:media"))


@pytest.mark.parametrize(
    ("scopes", "lacking"),
    [
        ("read:statuses write:statuses write:media profile", ()),
        ("read write", ()),
        ("write:statuses read:accounts", ("read:statuses", "write:media")),
        ("follow push", ("profile", "read:statuses", "write:statuses", "write:media")),
    ],
)
def test_a_scope_has_its_parts(
    bench: SandboxBench, monkeypatch: pytest.MonkeyPatch, scopes: str, lacking: tuple[str, ...]
) -> None:
    """The narrow scopes are enough, and a wide one has them all."""
    monkeypatch.setattr(twin, "SCOPES", scopes.split())
    assert Sender(bench, "scopes").adapter.identity().lacking == lacking


def test_a_count_that_is_not_told_is_none(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotes are counted since 4.5, and may be null: then there is no number, not a nought."""
    sender = Sender(bench, "uncounted")
    receipt = sender.receipt(sender.text("Combien ?"))
    status = {"favourites_count": 3, "reblogs_count": 0, "quotes_count": None}
    monkeypatch.setattr(sender.adapter.http, "ask", lambda *arguments: status)  # type: ignore[attr-defined]
    assert sender.adapter.metrics(receipt) == {Metric.LIKES: 3, Metric.SHARES: 0}


def test_a_server_that_names_no_rights(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 4.3 an app does not say its scopes: then nothing is said to be lacking."""
    adapter = Sender(bench, "old").adapter
    ask = adapter.http.ask  # type: ignore[attr-defined]
    monkeypatch.setattr(adapter.http, "ask", lambda m, path, **more: {} if "apps" in path else ask(m, path, **more))  # type: ignore[attr-defined]
    found = adapter.identity()
    assert (found.rights, found.lacking) == ((), ())


def test_a_conversation_is_heard_to_its_end(bench: SandboxBench) -> None:
    """Answers to answers, too; not what the account itself said there."""
    account = "salon"
    sender = Sender(bench, account)
    receipt = sender.receipt(sender.text("un"))
    bench.answer(account, receipt.id, "ned", "deux\n\ntrois <b> & https://verne.example/quatre")
    [first] = sender.adapter.replies(receipt)
    assert first.text == "deux\n\ntrois <b> & https://verne.example/quatre"
    bench.answer(account, first.id, "conseil", "cinq")
    own = sender.orders(Segment(0, "merci"), name="thanks")[0]
    sender.receipt(own, [Receipt(first.id)])
    assert [reply.text for reply in sender.adapter.replies(receipt)] == [first.text, "cinq"]
    assert [reply.parent for reply in sender.adapter.replies(receipt)] == [receipt.id, first.id]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Un<br>deux<br />trois</p><p>quatre</p>", "Un\ndeux\ntrois\n\nquatre"),
        (
            '<a href="x"><span class="invisible">https://</span><span class="ellipsis">a.example/b</span>c</a>',
            "https://a.example/bc",
        ),
        ('<span class="h-card"><a href="x">@<span>ned</span></a></span> &amp; &lt;co&gt;', "@ned & <co>"),
        ("<script>x</script><style>y</style>z", "z"),
        ("a < b", "a < b"),
        ("", ""),
    ],
)
def test_words_of_html(html: str, text: str) -> None:
    """Paragraphs and line breaks stay, links show their whole address, marks go."""
    assert text_of(html) == text


def test_two_letters_of_language() -> None:
    """`fr-CA` is sent as `fr`: the API takes ISO 639."""
    adapter = mastodon.Mastodon(Channel("c", "mastodon", "http://127.0.0.1:9"), None)
    variant = replace(Sender(_Bench(adapter), "x").text("x").variant, language="fr-CA")
    assert adapter.compose(variant, Segment(0, "x"))["language"] == "fr"


class _Bench:
    def __init__(self, adapter: mastodon.Mastodon) -> None:
        self.one = adapter

    def adapter(self, account: str, token: str | None = None) -> mastodon.Mastodon:
        return self.one

    def fault(self, account: str, kind: str, **more: object) -> None:
        raise NotImplementedError

    def posts(self, account: str) -> list[dict[str, object]]:
        raise NotImplementedError
