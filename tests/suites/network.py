"""What every adapter promises, whatever the network: one suite, which each adapter's test module subclasses.

A bench gives the adapter of an account on a server that can be made to fail, and shows what readers of that server see.
"""

import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pytest
from PIL import Image

from presstime.errors import NetworkError, Unsupported
from presstime.model import (
    Accepted,
    Attachment,
    Card,
    Deferred,
    Delivery,
    Metric,
    Receipt,
    Refused,
    Segment,
    Settling,
    Sighting,
    Span,
    Unknown,
    Variant,
    digest_of,
)
from presstime.networks.base import GONE, Adapter, Order
from presstime.networks.comparing import comparable
from presstime.render.pens import little
from tests.render.clips import mp4

AT = datetime.now(UTC).replace(microsecond=0)
TRICKY = "Grüße & <tags> from 東京 — 👩‍👩‍👧‍👦 e\u0301 \u200fשלום\nsecond line #café https://verne.example/a?b=c&d=e"
WRITTEN = (
    TRICKY,
    "À lire : https://verne.example/lune/ (ou http://verne.example), #Lune #Été2026",
    "Prix\u00a0: 5\u00a0€ — « e\u0301te\u0301 » ☺️ 👩🏽‍🚀 & <b>\n\n\nfin  ",
    "https://verne.example/lune#nuit",
)
ALT = "Une carte du « Nautilus », 20 000 lieues"
CANARY = "sandbox-canary-5f2e9c"


class Bench(Protocol):
    """A server under test. `posts` are what readers see of an account, oldest first: text, alts, parent, id. `alter` and
    `remove` are what somebody does there by hand."""

    def adapter(self, account: str, token: str | None = None) -> Adapter: ...
    def fault(self, account: str, kind: str, **more: Any) -> None: ...
    def posts(self, account: str) -> Sequence[dict[str, Any]]: ...
    def answer(self, account: str, post_id: str, author: str, text: str) -> None: ...
    def count(self, account: str, post_id: str, counts: Mapping[Metric, int]) -> None: ...
    def alter(self, account: str, post_id: str, text: str) -> None: ...
    def remove(self, account: str, post_id: str) -> None: ...


def picture(color: str = "teal", name: str = "media/carte.png", kind: str = "PNG") -> tuple[Attachment, bytes]:
    """A picture of 8 x 6 pixels, as the render stage hands it over."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), color).save(buffer, kind)
    content, mime = buffer.getvalue(), f"image/{kind.lower()}"
    item = Attachment(name, digest_of(color), digest_of(content), mime, len(content), 8, 6, f"{ALT} ({color})")
    return item, content


class Sender:
    """One account's adapter with what the engine does around it: render, prepare, send, edit, retract."""

    def __init__(self, bench: Bench, account: str, token: str | None = None) -> None:
        self.adapter = bench.adapter(account, token)
        self.files: dict[str, bytes] = {}

    def orders(self, *segments: Segment, name: str = "launch", link: str | None = None) -> list[Order]:
        """Orders for a variant of these segments, each as the log would give it back. Where the network takes no words
        without a picture, a segment that has none gets one; words that want marks are marked."""
        rule = self.adapter.traits.media
        if rule and rule.required:
            segments = tuple(s if s.media else replace(s, media=self.pictures("sienna")) for s in segments)
        if self.adapter.traits.markup == "littletext":
            segments = tuple(replace(s, text=little(s.text)) for s in segments)
        draft = Variant(
            Delivery(name, "channel"),
            self.adapter.traits.network,
            AT,
            segments,
            title="Launch",
            link=link,
            language="fr",
        )
        composed = tuple(replace(s, payload=self.adapter.compose(draft, s)) for s in segments)
        variant = Variant.from_json(replace(draft, segments=composed).to_json())
        return [Order(variant.delivery, variant, s, digest_of([name, s.index]), AT) for s in variant.segments]

    def text(self, text: str, name: str = "launch") -> Order:
        return self.orders(Segment(0, text), name=name)[0]

    def pictures(self, *colors: str) -> tuple[Attachment, ...]:
        """Pictures of a kind that the network takes; none where it takes none."""
        items, rule = [], self.adapter.traits.media
        if rule is None:
            return ()
        kind = "PNG" if "image/png" in rule.mimes else "JPEG"
        for color in colors:
            item, content = picture(color, f"media/{color}.{kind.lower()}", kind)
            self.files[item.digest] = content
            items.append(item)
        return tuple(items)

    def album(self, *colors: str) -> tuple[Attachment, ...]:
        """Pictures, as many of them as one message takes."""
        rule = self.adapter.traits.media
        return self.pictures(*colors)[: rule.max_count if rule else 0]

    def spoken(self, alt: str) -> str:
        """An alt text as readers get it: nothing, where the network has none."""
        rule = self.adapter.traits.media
        return alt if rule and rule.alt_limit != 0 else ""

    def film(self, name: str = "media/depart.mp4") -> Attachment:
        """A video, as the render stage hands it over: its size is not asked for where nothing depends on it."""
        return self._moving(mp4(), "video/mp4", name, 0, 0)

    def animation(self, name: str = "media/helice.gif") -> Attachment:
        """A GIF of two pictures."""
        buffer = io.BytesIO()
        first, second = (Image.new("RGB", (8, 6), color) for color in ("teal", "plum"))
        first.save(buffer, "GIF", save_all=True, append_images=[second], duration=100)
        return self._moving(buffer.getvalue(), "image/gif", name, 8, 6)

    def _moving(self, content: bytes, mime: str, name: str, width: int, height: int) -> Attachment:
        digest = digest_of(content)
        self.files[digest] = content
        return Attachment(name, digest_of(name), digest, mime, len(content), width, height, f"{ALT} ({mime})")

    def send(self, order: Order, previous: Sequence[Receipt] = ()) -> Any:
        return self.adapter.send(self.ready(order, previous))

    def sent(self, order: Order) -> Any:
        """The outcome, or the error of what comes ahead of the send."""
        try:
            return self.send(order)
        except NetworkError as error:
            return error

    def ready(self, order: Order, previous: Sequence[Receipt] = ()) -> Order:
        """The order as it stands just before it is sent: prepared, and with what the network was left for it."""
        media = self.adapter.prepare(order.variant, lambda item: self.files[item.digest])
        whole = replace(order, media=media, previous=tuple(previous) or order.previous)
        return whole if order.deposit else replace(whole, deposit=self.adapter.deposit(whole))

    def edit(self, order: Order, receipt: Receipt, previous: Sequence[Receipt] = ()) -> Any:
        """As a later worker does it: the receipt comes from the log."""
        media = self.adapter.prepare(order.variant, lambda item: self.files[item.digest])
        stored = Receipt.from_json(receipt.to_json())
        return self.adapter.edit(replace(order, media=media, previous=tuple(previous)), stored)

    def retract(self, order: Order, receipt: Receipt) -> Any:
        return self.adapter.retract(order, Receipt.from_json(receipt.to_json()))

    def change(self, what: str, order: Order, receipt: Receipt) -> Any:
        """An edit or a retract, by its name."""
        return self.edit(order, receipt) if what == "edit" else self.retract(order, receipt)

    def look(self, order: Order, receipt: Receipt) -> Sighting | None:
        """As a later worker does it: nothing is prepared, and the receipt comes from the log."""
        return self.adapter.look(order, Receipt.from_json(receipt.to_json()))

    def receipt(self, order: Order, previous: Sequence[Receipt] = ()) -> Receipt:
        outcome = self.send(order, previous)
        assert isinstance(outcome, Accepted), outcome
        return outcome.receipt


class NetworkSuite:
    """Subclass it with a `bench` fixture. `failing`: the server can be made to fail; `own_cards`: it shows a card as we made
    it, and not as it finds the page; `film_alts`: films have alt texts; `limit`: seconds that a limit lasts, as it can say."""

    failing: ClassVar[bool] = True
    threads: ClassVar[bool] = True
    credentials: ClassVar[bool] = True
    own_cards: ClassVar[bool] = True
    film_alts: ClassVar[bool] = True
    limit: ClassVar[int] = 90

    def limit_ends(self) -> datetime | None:
        """When a limit of `limit` seconds from now ends, as far as the network tells; None where it does not."""
        return datetime.now(UTC) + timedelta(seconds=self.limit)

    def assert_limited(self, outcome: Any) -> None:
        """The outcome is a deferral until the end of the limit, as the network tells it, and nobody's business."""
        ends = self.limit_ends()
        assert isinstance(outcome, Deferred)
        assert (outcome.until is None) == (ends is None)
        assert outcome.until is None or ends is None or abs(outcome.until - ends) < timedelta(seconds=5)
        assert not outcome.needs_person

    @pytest.fixture
    def account(self, request: pytest.FixtureRequest) -> str:
        """An account of the test's own, so that tests do not see each other's posts."""
        return request.node.name.split("[")[0].removeprefix("test_").replace("_", "-") + ".verne.example"

    @pytest.fixture
    def sender(self, bench: Bench, account: str) -> Sender:
        return Sender(bench, account)

    @pytest.fixture
    def faulty(self, sender: Sender) -> Sender:
        if not self.failing:
            pytest.skip("this network is a folder: it has no server that fails")
        return sender

    @pytest.fixture
    def illustrator(self, sender: Sender) -> Sender:
        if sender.adapter.traits.media is None:
            pytest.skip("the network takes no pictures")
        return sender

    @pytest.fixture
    def editor(self, sender: Sender) -> Sender:
        if not sender.adapter.traits.edits:
            pytest.skip("the network declares no edits")
        return sender

    @pytest.fixture
    def retractor(self, sender: Sender) -> Sender:
        if not sender.adapter.traits.can_retract:
            pytest.skip("the network cannot retract")
        return sender

    @pytest.fixture
    def looker(self, sender: Sender) -> Sender:
        if not sender.adapter.traits.can_look:
            pytest.skip("the network cannot be looked at")
        return sender

    @pytest.fixture(params=["edit", "retract"])
    def change(self, request: pytest.FixtureRequest, sender: Sender) -> str:
        """What is done to a message that is out, where the network can."""
        traits = sender.adapter.traits
        if not (traits.edits if request.param == "edit" else traits.can_retract):
            pytest.skip(f"the network cannot {request.param}")
        return str(request.param)

    # --- what readers see ---

    def test_text(self, bench: Bench, account: str, sender: Sender) -> None:
        """A text arrives as it is, once, and the receipt names it."""
        receipt = sender.receipt(sender.text("Le Nautilus lève l'ancre."))
        assert [post["text"] for post in bench.posts(account)] == ["Le Nautilus lève l'ancre."]
        assert receipt.id == bench.posts(account)[0]["id"]
        assert receipt.url

    def test_unicode(self, bench: Bench, account: str, sender: Sender) -> None:
        """No letter, sign or line break is lost or changed."""
        sender.receipt(sender.text(TRICKY))
        assert bench.posts(account)[0]["text"] == TRICKY

    def test_images(self, bench: Bench, account: str, illustrator: Sender) -> None:
        """Pictures arrive in order, with their alt texts where the network has them."""
        media = illustrator.album("teal", "plum")
        illustrator.receipt(illustrator.orders(Segment(0, "Deux images", media=media))[0])
        [post] = bench.posts(account)
        assert post["text"] == "Deux images"
        assert post["alts"] == [illustrator.spoken(item.alt) for item in media]

    def test_one_image_without_words(self, bench: Bench, account: str, illustrator: Sender) -> None:
        """A picture may stand alone."""
        illustrator.receipt(illustrator.orders(Segment(0, "", media=illustrator.pictures("navy")))[0])
        assert len(bench.posts(account)[0]["alts"]) == 1

    @pytest.mark.parametrize("kind", ["film", "animation"])
    def test_what_moves(self, bench: Bench, account: str, sender: Sender, kind: str) -> None:
        """A film, and a GIF that moves, arrive as they are, with words and alt text, where the network takes them: what the
        rules promise when a post is checked holds when it is sent."""
        rule = sender.adapter.traits.media
        item = sender.film() if kind == "film" else sender.animation()
        taken = rule and (rule.video if kind == "film" else rule.animation or "image/gif" in rule.mimes)
        if not rule or not taken:
            pytest.skip(f"the network takes no {kind}")
        sender.receipt(sender.orders(Segment(0, "Ça bouge", media=(item,)))[0])
        [post] = bench.posts(account)
        assert post["text"] == "Ça bouge"
        spoken = rule.alt_limit != 0 and (kind != "film" or self.film_alts)
        assert post["alts"] == [item.alt if spoken else ""]
        if "kinds" in post:
            assert post["kinds"] == [item.mime]

    def test_card(self, bench: Bench, account: str, sender: Sender) -> None:
        """A link card arrives with its title and description, where the network takes one; or its address, where it makes
        the card itself."""
        if not sender.adapter.traits.card:
            pytest.skip("the network makes its own cards")
        card = Card("https://verne.example/lune", "De la Terre à la Lune", "97 heures", sender.pictures("gold")[0])
        sender.receipt(sender.orders(Segment(0, "À lire", card=card))[0])
        shown = bench.posts(account)[0]["card"]
        if not self.own_cards:
            assert shown["url"] == card.url
            return
        assert (shown["url"], shown["title"], shown["description"]) == (card.url, card.title, card.description)
        assert shown["thumb"]

    def test_marks(self, bench: Bench, account: str, sender: Sender) -> None:
        """Marked stretches sit on the same letters there as here, whatever the network counts in."""
        if sender.adapter.traits.markup != "spans":
            pytest.skip("the network takes no marked stretches")
        text = "👩‍👩‍👧‍👦 é lire ici, 東京"
        start = text.index("lire ici")
        span = Span(start, start + len("lire ici"), "link", "https://verne.example/ici")
        sender.receipt(sender.orders(Segment(0, text, spans=(span,)))[0])
        assert bench.posts(account)[0]["links"] == {"lire ici": "https://verne.example/ici"}

    def test_thread(self, bench: Bench, account: str, sender: Sender) -> None:
        """Each segment answers the one before it, also for a worker that only has the receipts from the log."""
        if not self.threads:
            pytest.skip("the network has no threads")
        receipts: list[Receipt] = []
        for order in sender.orders(Segment(0, "un"), Segment(1, "deux"), Segment(2, "trois")):
            stored = [Receipt.from_json(receipt.to_json()) for receipt in receipts]
            receipts.append(sender.receipt(order, stored))
        posts = bench.posts(account)
        assert [post["text"] for post in posts] == ["un", "deux", "trois"]
        assert [post["parent"] for post in posts] == [None, posts[0]["id"], posts[1]["id"]]

    # --- once ---

    def test_the_same_order_twice(self, bench: Bench, account: str, sender: Sender) -> None:
        """Sent again, an order is one post where the traits promise so, and nowhere a false "accepted" of a second one."""
        order = sender.ready(sender.text("Une seule fois"))
        first = sender.receipt(order)
        again = sender.send(order)
        if sender.adapter.traits.settling in (Settling.NATURAL, Settling.KEYED, Settling.CONTAINER):
            assert again == Accepted(first)
            assert len(bench.posts(account)) == 1
        else:
            accepted = isinstance(again, Accepted)
            assert len(bench.posts(account)) == 1 + accepted
            assert not accepted or again.receipt.id != first.id

    @pytest.mark.parametrize("kind", ["drop-after", "5xx-after"])
    def test_a_reply_lost_after_acceptance(self, bench: Bench, account: str, faulty: Sender, kind: str) -> None:
        """It is unknown, never accepted nor refused; settling as the traits say finds the one post there is."""
        order = faulty.ready(faulty.text("Réponse perdue"))
        bench.fault(account, kind)
        assert isinstance(faulty.send(order), Unknown)
        assert len(bench.posts(account)) == 1
        traits = faulty.adapter.traits
        if traits.settling in (Settling.NATURAL, Settling.KEYED, Settling.CONTAINER):
            assert faulty.receipt(order).id == bench.posts(account)[0]["id"]
        if traits.can_find:
            found = faulty.adapter.find(order)
            assert found is not None
            assert found.id == bench.posts(account)[0]["id"]
        assert len(bench.posts(account)) == 1

    @pytest.mark.parametrize("kind", ["drop-before", "5xx-before"])
    def test_a_request_lost_before_acceptance(self, bench: Bench, account: str, faulty: Sender, kind: str) -> None:
        """It is unknown too: from here it looks the same. Reading back says that nothing is there."""
        order = faulty.ready(faulty.text("Demande perdue"))
        bench.fault(account, kind)
        assert isinstance(faulty.send(order), Unknown)
        assert bench.posts(account) == []
        if faulty.adapter.traits.can_find:
            assert faulty.adapter.find(order) is None
        faulty.receipt(order)
        assert len(bench.posts(account)) == 1

    def test_find_tells_texts_apart(self, bench: Bench, account: str, sender: Sender) -> None:
        """What is found is this order's own, and nothing is found of one that was never sent."""
        if not sender.adapter.traits.can_find:
            pytest.skip("nothing can be read back")
        there, other = (sender.ready(sender.text(*t)) for t in ((TRICKY, "there"), ("Autre chose", "other")))
        receipt = sender.receipt(there)
        found = sender.adapter.find(there)
        assert found is not None
        assert (found.id, found.url) == (receipt.id, receipt.url)
        assert sender.adapter.find(other) is None

    def test_find_in_a_thread(self, bench: Bench, account: str, faulty: Sender) -> None:
        """A segment whose reply was lost is found at its place in the thread, and not where the same words stand."""
        if not (faulty.adapter.traits.can_find and faulty.adapter.traits.threads):
            pytest.skip("no threads that can be read back")
        first, second = faulty.orders(Segment(0, "encore"), Segment(1, "encore"))
        parent = faulty.receipt(first)
        second = faulty.ready(second, [parent])
        assert faulty.adapter.find(second) is None
        bench.fault(account, "drop-after")
        assert isinstance(faulty.send(second), Unknown)
        found = faulty.adapter.find(second)
        assert found is not None
        assert found.id == bench.posts(account)[1]["id"]

    # --- drift ---

    @pytest.mark.parametrize("text", WRITTEN)
    def test_what_was_just_sent_is_unchanged(self, bench: Bench, account: str, looker: Sender, text: str) -> None:
        """Whatever the network makes of links, tags, signs and white space by itself; and the words are told."""
        order = looker.text(text)
        found = looker.look(order, looker.receipt(order))
        assert found is not None
        assert not found.changed
        assert comparable(bench.posts(account)[0]["text"]) in comparable(found.text)
        assert found.note == ""

    def test_pictures_and_cards_are_unchanged(self, bench: Bench, account: str, looker: Sender) -> None:
        """With what else a message may have."""
        traits = looker.adapter.traits
        segments = [Segment(0, "Deux images", media=looker.album("teal", "plum"))]
        if traits.card:
            card = Card("https://verne.example/lune", "La Lune", "97 heures", looker.pictures("gold")[0])
            segments.append(Segment(0, "À lire https://verne.example/lune #Lune", card=card))
        for number, segment in enumerate(segments):
            [order] = looker.orders(segment, name=f"post-{number}", link="https://verne.example/lune")
            assert _unchanged(looker.look(order, looker.receipt(order)))

    def test_a_thread_is_looked_at_message_by_message(self, bench: Bench, account: str, looker: Sender) -> None:
        """Each stands by itself: one is changed, one is gone, the others are as they were."""
        if not self.threads:
            pytest.skip("the network has no threads")
        orders = looker.orders(*(Segment(n, text) for n, text in enumerate(("un #Nantes", "deux", "trois", "quatre"))))
        receipts: list[Receipt] = []
        for order in orders:
            receipts.append(looker.receipt(order, receipts))
        orders = [replace(order, previous=tuple(receipts[: order.segment.index])) for order in orders]
        assert all(_unchanged(looker.look(*each)) for each in zip(orders, receipts, strict=True))
        bench.alter(account, receipts[1].id, "DEUX")
        bench.remove(account, receipts[3].id)
        seen = [looker.look(*each) for each in zip(orders, receipts, strict=True)]
        assert [found and found.changed for found in seen] == [False, True, False, None]

    def test_what_we_edited_is_unchanged(self, looker: Sender, editor: Sender) -> None:
        """Held to the words that we put there last; with the old ones it is a change."""
        receipt = looker.receipt(looker.text("avant"))
        outcome = looker.edit(looker.text(TRICKY), receipt)
        assert isinstance(outcome, Accepted)
        assert _unchanged(looker.look(looker.text(TRICKY), outcome.receipt))
        stale = looker.look(looker.text("avant"), outcome.receipt)
        assert stale is not None
        assert stale.changed

    def test_what_somebody_changed_there_is_told(self, bench: Bench, account: str, looker: Sender) -> None:
        """With the words that stand there now; another message is not touched by it."""
        order, other = looker.text("Le Nautilus part."), looker.text("Autre chose", "other")
        receipt, untouched = looker.receipt(order), looker.receipt(other)
        bench.alter(account, receipt.id, "Le Nautilus est parti. 東京 & <plus>")
        found = looker.look(order, receipt)
        assert found is not None
        assert found.changed
        assert "Le Nautilus est parti. 東京 & <plus>" in found.text
        assert _unchanged(looker.look(other, untouched))

    def test_what_somebody_removed_there_is_gone(self, bench: Bench, account: str, looker: Sender) -> None:
        """However often it is asked for; another message is still there."""
        order, other = looker.text("Le Nautilus part."), looker.text("Autre chose", "other")
        receipt, untouched = looker.receipt(order), looker.receipt(other)
        bench.remove(account, receipt.id)
        assert [looker.look(order, receipt) for _ in range(2)] == [None, None]
        assert _unchanged(looker.look(other, untouched))

    @pytest.mark.parametrize("there", [True, False], ids=["there", "gone"])
    @pytest.mark.parametrize("kind", ["429", "401", "forbidden", "5xx-before", "drop-before"])
    def test_a_look_that_fails_says_nothing(
        self, bench: Bench, account: str, looker: Sender, faulty: Sender, kind: str, there: bool
    ) -> None:
        """Neither gone nor changed, whether the message is there or not; the next look tells."""
        order = looker.text("Toujours là ?")
        receipt = looker.receipt(order)
        if not there:
            bench.remove(account, receipt.id)
        bench.fault(account, kind, path="*")
        with pytest.raises(NetworkError):
            looker.look(order, receipt)
        assert (looker.look(order, receipt) is not None) is there

    def test_what_a_person_posted_is_not_looked_at(self, looker: Sender) -> None:
        """Of it the address alone is known, by which no network finds a message: that is not a message which is gone."""
        url = "https://verne.example/@nemo/1"
        with pytest.raises(Unsupported):
            looker.look(looker.text("À la main"), Receipt(url, url, {"by": "nemo"}))

    # --- edit ---

    def test_an_edit_changes_the_words_in_place(self, bench: Bench, account: str, editor: Sender) -> None:
        """The same message, under the same id and address, says something else; nothing is added, nothing else changes."""
        receipt = editor.receipt(editor.text("Le Nautilus sombre."))
        other = editor.receipt(editor.text("Autre chose", "other"))
        outcome = editor.edit(editor.text(TRICKY), receipt)
        assert isinstance(outcome, Accepted)
        assert (outcome.receipt.id, outcome.receipt.url) == (receipt.id, receipt.url)
        texts = {post["id"]: post["text"] for post in bench.posts(account)}
        assert texts == {receipt.id: TRICKY, other.id: "Autre chose"}

    def test_an_edit_again_changes_nothing(self, bench: Bench, account: str, editor: Sender) -> None:
        """What is said already may be said again, with the receipt from before or after: a success, and nothing else."""
        receipt = editor.receipt(editor.text("avant"))
        first = editor.edit(editor.text("après"), receipt)
        for known in (receipt, first.receipt):
            assert editor.edit(editor.text("après"), known) == first
        assert [post["text"] for post in bench.posts(account)] == ["après"]

    def test_an_edit_of_the_words_keeps_the_pictures(
        self, bench: Bench, account: str, editor: Sender, illustrator: Sender
    ) -> None:
        """Pictures and their alt texts stay as they are, also for a worker that never saw them."""
        media = editor.album("teal", "plum")
        receipt = editor.receipt(editor.orders(Segment(0, "avant", media=media))[0])
        [before] = bench.posts(account)
        later = Sender(bench, account)
        later.files = editor.files
        outcome = later.edit(later.orders(Segment(0, "après", media=media))[0], receipt)
        assert isinstance(outcome, Accepted)
        assert bench.posts(account) == [{**before, "text": "après"}]

    def test_an_edit_of_pictures(self, bench: Bench, account: str, editor: Sender, illustrator: Sender) -> None:
        """One picture goes, one comes, one gets another alt text: as the order has them, in its order."""
        if "media" not in editor.adapter.traits.edits:
            pytest.skip("the network's pictures stay as they were sent")
        before, [teal, gold] = editor.album("teal", "plum"), editor.pictures("teal", "gold")
        receipt = editor.receipt(editor.orders(Segment(0, "Images", media=before))[0])
        media = (gold, replace(teal, alt="Une autre carte"))[: len(before)]
        for _ in range(2):
            outcome = editor.edit(editor.orders(Segment(0, "Images", media=media))[0], receipt)
            assert isinstance(outcome, Accepted)
            assert [post["alts"] for post in bench.posts(account)] == [[editor.spoken(item.alt) for item in media]]

    def test_an_edit_moves_the_marks(self, bench: Bench, account: str, editor: Sender) -> None:
        """Marked stretches are those of the new words."""
        if editor.adapter.traits.markup != "spans":
            pytest.skip("the network takes no marked stretches")
        link = Span(0, 3, "link", "https://verne.example/a")
        receipt = editor.receipt(editor.orders(Segment(0, "ici", spans=(link,)))[0])
        text = "👩‍👩‍👧‍👦 é voir"
        moved = Span(text.index("voir"), len(text), "link", "https://verne.example/b")
        assert isinstance(editor.edit(editor.orders(Segment(0, text, spans=(moved,)))[0], receipt), Accepted)
        assert bench.posts(account)[0]["links"] == {"voir": "https://verne.example/b"}

    def test_an_edit_of_what_is_gone(self, bench: Bench, account: str, editor: Sender) -> None:
        """A message that is not there any more is refused as gone, in words, and does not come back."""
        if not editor.adapter.traits.can_retract:
            pytest.skip("nothing can be taken away here")
        order = editor.text("avant")
        receipt = editor.receipt(order)
        editor.retract(order, receipt)
        outcome = editor.edit(editor.text("après"), receipt)
        assert isinstance(outcome, Refused)
        assert outcome.code == GONE
        assert "not there any more" in outcome.reason
        assert bench.posts(account) == []

    def test_an_edit_that_is_too_long(self, bench: Bench, account: str, editor: Sender) -> None:
        """What could not be sent cannot be said by an edit either: refused, and the old words stand."""
        if not self.failing:
            pytest.skip("a feed has no limit of its own")
        receipt = editor.receipt(editor.text("avant"))
        outcome = editor.edit(editor.text(too_long(editor)), receipt)
        assert isinstance(outcome, Refused)
        assert outcome.code != GONE
        assert [post["text"] for post in bench.posts(account)] == ["avant"]

    # --- retract ---

    def test_a_retract_takes_the_message_away(self, bench: Bench, account: str, retractor: Sender) -> None:
        """Readers see it no more, nor any of its pictures; all else stays; and it is not found again."""
        order = retractor.orders(Segment(0, "Deux images", media=retractor.album("teal", "plum")))[0]
        other = retractor.receipt(retractor.text("Autre chose", "other"))
        receipt = retractor.receipt(order)
        assert retractor.retract(order, receipt) == Accepted(receipt)
        assert [post["id"] for post in bench.posts(account)] == [other.id]
        if retractor.adapter.traits.can_find:
            assert retractor.adapter.find(order) is None

    def test_a_retract_again(self, bench: Bench, account: str, retractor: Sender) -> None:
        """What is gone already may be retracted again: accepted, with the same receipt."""
        order = retractor.text("Rien à voir")
        receipt = retractor.receipt(order)
        for _ in range(3):
            assert retractor.retract(order, receipt) == Accepted(receipt)
        assert bench.posts(account) == []

    # --- a change, whichever ---

    def test_a_change_in_a_thread(self, bench: Bench, account: str, sender: Sender, change: str) -> None:
        """Only the message that is named changes or goes; those before and after it stay."""
        if not self.threads:
            pytest.skip("the network has no threads")
        receipts: list[Receipt] = []
        for order in sender.orders(Segment(0, "un"), Segment(1, "deux"), Segment(2, "trois")):
            receipts.append(sender.receipt(order, receipts))
        orders = sender.orders(Segment(0, "un"), Segment(1, "DEUX"), Segment(2, "trois"))
        assert isinstance(sender.change(change, replace(orders[1], previous=(receipts[0],)), receipts[1]), Accepted)
        texts = [post["text"] for post in bench.posts(account)]
        assert texts == (["un", "DEUX", "trois"] if change == "edit" else ["un", "trois"])

    @pytest.mark.parametrize("kind", ["drop-after", "5xx-after", "drop-before", "5xx-before"])
    def test_a_change_whose_reply_is_lost(
        self, bench: Bench, account: str, faulty: Sender, change: str, kind: str
    ) -> None:
        """It is unknown, whether it was done or not; doing it again settles it."""
        receipt = faulty.receipt(faulty.text("avant"))
        order = faulty.text("après")
        after = ["après"] if change == "edit" else []
        bench.fault(account, kind)
        assert isinstance(faulty.change(change, order, receipt), Unknown)
        assert [post["text"] for post in bench.posts(account)] == (after if kind.endswith("after") else ["avant"])
        outcome = faulty.change(change, order, receipt)
        assert isinstance(outcome, Accepted)
        assert outcome.receipt.id == receipt.id
        assert [post["text"] for post in bench.posts(account)] == after

    def test_a_change_too_soon(self, bench: Bench, account: str, faulty: Sender, change: str) -> None:
        """A limit defers until the instant the network names, and what is out stays as it is."""
        receipt = faulty.receipt(faulty.text("avant"))
        bench.fault(account, "429", seconds=self.limit)
        outcome = faulty.change(change, faulty.text("après"), receipt)
        self.assert_limited(outcome)
        assert [post["text"] for post in bench.posts(account)] == ["avant"]

    def test_a_change_with_credentials_refused(self, bench: Bench, account: str, faulty: Sender, change: str) -> None:
        """A 401 needs a person, and what is out stays as it is."""
        receipt = faulty.receipt(faulty.text("avant"))
        bench.fault(account, "401")
        outcome = faulty.change(change, faulty.text("après"), receipt)
        assert isinstance(outcome, Deferred)
        assert outcome.needs_person
        assert [post["text"] for post in bench.posts(account)] == ["avant"]

    def test_what_a_network_cannot_do_is_not_asked_of_it(self, sender: Sender) -> None:
        """A call that the traits do not declare is a slip of ours, and loud."""
        order, traits = sender.text("x"), sender.adapter.traits
        for what, declared in (("edit", bool(traits.edits)), ("retract", traits.can_retract)):
            if not declared:
                with pytest.raises(NotImplementedError):
                    sender.change(what, order, Receipt("1"))
        if not traits.can_look:
            with pytest.raises(Unsupported):
                sender.look(order, Receipt("1"))

    # --- what readers do ---

    def test_metrics(self, bench: Bench, account: str, sender: Sender) -> None:
        """What the network counts of this message comes under our names for it, and nothing that the traits do not name."""
        if not (declared := sender.adapter.traits.metrics):
            pytest.skip("the network counts nothing that can be asked for")
        receipt = sender.receipt(sender.text("Combien ?"))
        sender.receipt(sender.text("Autre chose", "other"))
        given = {name: n for n, name in enumerate(sorted(declared - {Metric.REPLIES}), start=3)}
        bench.count(account, bench.posts(account)[0]["id"], given)
        found = sender.adapter.metrics(Receipt.from_json(receipt.to_json()))
        assert {name: found[name] for name in given} == given
        assert found.keys() <= declared

    def test_replies(self, bench: Bench, account: str, sender: Sender) -> None:
        """What readers answered is heard, whole and with its author; what the account itself added is not an answer."""
        if not sender.adapter.traits.can_hear:
            pytest.skip("what readers answer cannot be read")
        first, second = sender.orders(Segment(0, "un"), Segment(1, "deux"))
        receipt = sender.receipt(first)
        if self.threads:
            sender.receipt(second, [receipt])
        assert list(sender.adapter.replies(receipt)) == []
        post_id = bench.posts(account)[0]["id"]
        bench.answer(account, post_id, "ned", "Et les baleines & <les autres> ?")
        bench.answer(account, post_id, "conseil", "Monsieur a raison. 🐋")
        replies = list(sender.adapter.replies(Receipt.from_json(receipt.to_json())))
        said = {reply.text: reply.author for reply in replies}
        assert said.keys() == {"Et les baleines & <les autres> ?", "Monsieur a raison. 🐋"}
        assert "ned" in said["Et les baleines & <les autres> ?"]
        assert "conseil" in said["Monsieur a raison. 🐋"]
        assert len({reply.id for reply in replies}) == 2
        assert all(abs(reply.at - datetime.now(UTC)) < timedelta(minutes=5) for reply in replies)

    # --- what went wrong ---

    def test_too_many_requests(self, bench: Bench, account: str, faulty: Sender) -> None:
        """A limit defers until the instant the network names, and nothing was sent."""
        bench.fault(account, "429", seconds=self.limit)
        outcome = faulty.send(faulty.text("Trop vite"))
        self.assert_limited(outcome)
        assert bench.posts(account) == []

    def test_credentials_refused(self, bench: Bench, account: str, faulty: Sender) -> None:
        """A 401 needs a person, and says what to renew."""
        bench.fault(account, "401")
        outcome = faulty.send(faulty.text("Sans clef"))
        assert isinstance(outcome, Deferred)
        assert outcome.needs_person
        assert bench.posts(account) == []

    def test_wrong_token(self, bench: Bench, account: str) -> None:
        """A token that was never good is found by `identity`, and is a person's business."""
        if not self.credentials:
            pytest.skip("the network needs no credentials")
        with pytest.raises(NetworkError) as caught:
            Sender(bench, account, "wrong-token").adapter.identity()
        assert caught.value.needs_person

    def test_too_long(self, bench: Bench, account: str, sender: Sender) -> None:
        """A text over the limit is refused in the network's own words, at the latest when it is sent, and is not there."""
        if not self.failing:
            pytest.skip("a feed has no limit of its own")
        outcome = sender.sent(sender.text(too_long(sender)))
        if isinstance(outcome, NetworkError):
            assert sender.adapter.traits.settling is Settling.CONTAINER
            assert outcome.needs_person
        else:
            assert isinstance(outcome, Refused)
            assert outcome.reason
            assert outcome.code
        assert bench.posts(account) == []

    def test_prepare_changes_nothing_readers_see(self, bench: Bench, account: str, sender: Sender) -> None:
        """Preparing may be repeated: nothing shows before the send."""
        order = sender.orders(Segment(0, "Plus tard", media=sender.pictures("olive")))[0]
        for _ in range(2):
            sender.adapter.prepare(order.variant, lambda item: sender.files[item.digest])
        assert bench.posts(account) == []
        sender.receipt(order)
        assert len(bench.posts(account)) == 1

    def test_prepared_side_by_side(self, bench: Bench, account: str, illustrator: Sender) -> None:
        """Several deliveries of a channel are prepared before the first is sent: none loses its pictures to another."""
        one, two = (
            illustrator.orders(Segment(0, c, media=illustrator.pictures(c)), name=c)[0] for c in ("teal", "plum")
        )
        for order in [illustrator.ready(order) for order in (one, two)]:
            assert isinstance(illustrator.adapter.send(order), Accepted)
        assert sorted(len(post["alts"]) for post in bench.posts(account)) == [1, 1]

    def test_identity(self, sender: Sender) -> None:
        """The adapter knows whose account it writes to."""
        assert sender.adapter.identity().account

    # --- secrets ---

    @pytest.mark.parametrize("kind", ["401", "429", "5xx-after", "drop-before", "drop-after"])
    def test_no_secret_leaves(
        self, bench: Bench, account: str, faulty: Sender, kind: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither outcomes nor errors nor any log, however loud, hold the credential."""
        if not self.credentials:
            pytest.skip("the network needs no credentials")
        caplog.set_level(logging.DEBUG)
        sender = Sender(bench, account, CANARY)
        for path in (None, "*"):
            bench.fault(account, kind, token=CANARY, path=path)
        said = []
        for _ in range(3):
            try:
                said.append(repr(sender.send(sender.text("Secret"))))
                said.append(repr(sender.adapter.identity()))
            except NetworkError as error:
                said.append(str(error))
        assert CANARY not in "".join(said) + caplog.text
        assert "canary" not in repr(sender.adapter.secret)

    @pytest.mark.parametrize("kind", ["401", "429", "5xx-after", "drop-after"])
    def test_no_secret_leaves_with_a_change(
        self, bench: Bench, account: str, faulty: Sender, change: str, kind: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nor do the outcomes of edits and retracts hold it, nor their logs."""
        if not self.credentials:
            pytest.skip("the network needs no credentials")
        caplog.set_level(logging.DEBUG)
        token = f"{CANARY}-{change}-{kind}"  # where the token is the account, each of these tests has its own
        sender = Sender(bench, account, token)
        receipt = sender.receipt(sender.text("avant"))
        bench.fault(account, kind, token=token)
        said = [repr(sender.change(change, sender.text("après"), receipt)) for _ in range(3)]
        assert "Accepted" in said[-1]
        assert CANARY not in "".join(said) + caplog.text


def _unchanged(found: Sighting | None) -> bool:
    return found is not None and not found.changed


def too_long(sender: Sender) -> str:
    return "long " * max(1000, sender.adapter.traits.text.limit // 5 + 1)


def here(path: Path) -> str:
    """A folder as an option holds it."""
    return str(path.absolute())
