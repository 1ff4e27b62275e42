"""Networks that can be rendered and checked for, and not sent to yet: their traits, and requests as the vendors have them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
import yaml

from presstime import networks
from presstime.errors import SettingsError, Unsupported
from presstime.model import Attachment, Card, Delivery, Json, JsonObject, Segment, Settling, Variant, digest_of
from presstime.networks.base import Adapter
from presstime.networks.holes import HOLE, fill
from presstime.settings import check_networks, parse_settings
from tests.networks.contracts import OpenApi, specs

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
COMPOSERS = [name for name in networks.names() if not networks.can_send(name)]
LINK = "https://verne.example/launch"


def pictures(*alts: str) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(f"media/{n}.jpg", "b" * 40, digest_of(str(n)), "image/jpeg", 9000, 1200, 900, alt)
        for n, alt in enumerate(alts)
    )


def composed(network: str, text: str = "Words.", media: tuple[Attachment, ...] = (), **more: Any) -> JsonObject:
    segment = Segment(0, text, media=media, plain="Plain words.", card=more.pop("card", None))
    variant = Variant(
        Delivery("spring_2026.a", "brand"), network, AT, (segment,), title="Spring", summary="Sum", link=LINK,
        language="fr", tags=("open source", "R&D", "x" * 60),
    )  # fmt: skip
    return networks.load(network).compose(replace(variant, **more), segment)


def filled(request: Json, kind: str = "1") -> Json:
    """The request as it will be sent, with something where only the network can tell."""

    class Anything(dict[str, str]):
        def __contains__(self, name: object) -> bool:
            return True

        def __missing__(self, name: str) -> str:
            return kind

    return fill(request, Anything())


# --- the port ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", COMPOSERS)
def test_what_cannot_be_sent_says_so_once(network: str) -> None:
    """`check` tells it at the channel; whoever asks for an adapter gets the same reason."""
    traits = networks.load(network).traits
    settings = parse_settings(
        f'[newsroom]\ntimezone = "UTC"\n[channels.brand]\nnetwork = "{network}"\naccount = "a"\n'
        'credentials = "env:T"\n'.encode()
    )
    found = check_networks(settings, lambda name: networks.load(name).traits, networks.can_send)
    assert [(p.code, p.severity, p.line) for p in found] == [("not-yet", "error", 4)]
    assert traits.title in found[0].message
    assert "presstime render" in found[0].advice
    with pytest.raises(SettingsError, match="does not send them"):
        networks.load_adapter(network)


def test_the_networks_that_send_are_adapters() -> None:
    """`load_adapter` gives what `load` gives, where it can be sent to."""
    for network in set(networks.names()) - set(COMPOSERS):
        assert networks.load_adapter(network) is networks.load(network)
        assert issubclass(networks.load(network), Adapter)


@pytest.mark.parametrize("network", COMPOSERS)
def test_traits_agree_with_themselves(network: str) -> None:
    """The name they are found by; a key needs a window; reading back needs a way to; marks need a markup that has them."""
    traits = networks.load(network).traits
    assert traits.network == network
    assert bool(traits.key_window) == (traits.settling is Settling.KEYED)
    assert traits.can_find == (traits.settling is not Settling.NONE)
    assert not traits.marks or traits.markup not in ("plain", "html", "markdown")
    assert traits.text.limit > 0


@pytest.mark.parametrize("network", COMPOSERS)
def test_every_picture_and_its_alt_text_are_in_the_request(network: str) -> None:
    """As far as the network has a field for it; requests are JSON, and the same each time."""
    traits = networks.load(network).traits
    count = min(2, traits.media.max_count) if traits.media else 0
    media = pictures("Le train, de nuit", "La carte")[:count]
    request = composed(network, media=media)
    text = json.dumps(request, ensure_ascii=False)
    assert request == composed(network, media=media)
    assert all(item.digest in text for item in media) or traits.network in ("discord", "discord_webhook")  # multipart
    if traits.media and traits.media.alt_limit != 0 and network != "facebook":  # uploaded with its picture there
        leads = network in ("wordpress", "devto", "nostr_article")  # the first one's is told with its upload
        assert all(item.alt in text for item in media[1 if leads else 0 :])


# --- vendors' own files -----------------------------------------------------------------------------------------------


def problems(document: JsonObject, schema: str, value: Json) -> list[str]:
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    return [error.message for error in jsonschema.Draft202012Validator(whole).iter_errors(value)]


@pytest.mark.parametrize("alts", [("one",), ("one", "two")])
def test_pinterest(alts: tuple[str, ...]) -> None:
    """Requests fit the vendor's schema, and name no field it does not have."""
    document = OpenApi(json.loads(specs("pinterest/openapi.json").read_text())).document
    request = filled(composed("pinterest", media=pictures(*alts)), "QUJD")
    assert problems(document, "PinCreate", request | {"board_id": "1"}) == []
    assert request.keys() <= document["components"]["schemas"]["PinCreate"]["properties"].keys()
    assert problems(document, "PinCreate", request | {"title": "x" * 101}) != []


@pytest.mark.parametrize(
    ("network", "schema"), [("discord", "MessageCreateRequest"), ("discord_webhook", "IncomingWebhookRequestPartial")]
)
def test_discord(network: str, schema: str) -> None:
    """Requests fit the vendor's schema; whatever the words, nobody is called."""
    document = json.loads(specs("discord/openapi.json").read_text())
    request = composed(network, "@everyone", pictures("one", "two"))
    ids = [{**item, "id": str(item["id"])} for item in request["attachments"]]  # the file types them as snowflakes
    assert problems(document, schema, request | {"attachments": ids}) == []
    assert request.keys() <= document["components"]["schemas"][schema]["properties"].keys()
    assert request["allowed_mentions"] == {"parse": []}


def test_slack() -> None:
    """Arguments are ones that `chat.postMessage` has (metadata came after the archived file)."""
    document = json.loads(specs("slack/slack_web_openapi_v2.json").read_text())
    known = {p["name"] for p in document["paths"]["/chat.postMessage"]["post"]["parameters"]}
    request = composed("slack", media=pictures("one"))
    assert request.keys() <= known | {"metadata"}
    assert [block["type"] for block in request["blocks"]] == ["section", "image"]
    assert request["metadata"]["event_payload"] == {"delivery": "spring_2026.a/brand", "segment": 0}


def test_matrix() -> None:
    """The words go twice; nobody is called; the largest event fits into 65,536 bytes."""
    schema = yaml.safe_load(
        specs("matrix/data/api/client-server/definitions/m.mentions.yaml").read_text(encoding="utf-8")
    )
    request = composed("matrix", "<p>Words.</p>")
    jsonschema.validate(request["m.mentions"], {k: v for k, v in schema.items() if not k.startswith("x-")})
    assert (request["msgtype"], request["body"], request["formatted_body"]) == (
        "m.text",
        "Plain words.",
        "<p>Words.</p>",
    )
    assert composed("matrix", media=pictures("one"))["msgtype"] == "m.image"
    limit = networks.load("matrix").traits.text.limit
    quotes = limit // 6  # as HTML a quotation mark takes six bytes, as JSON two
    for html, plain in (("é" * (limit // 2),) * 2, ("&quot;" * quotes, '"' * quotes)):
        segment = Segment(0, html, plain=plain)
        event = networks.load("matrix").compose(Variant(Delivery("p", "c"), "matrix", AT, (segment,)), segment)
        assert len(json.dumps(event, ensure_ascii=False).encode()) < 65_536


def test_wordpress() -> None:
    """Fields are ones that a post has; what looks like a shortcode is only read."""
    known = json.loads(specs("wordpress/schemas/rest-api/post.json").read_text())["properties"]
    request = composed("wordpress", "<p>[gallery]</p>", pictures("one", 'a "map"'))
    assert request.keys() <= known.keys()
    assert request["content"].startswith("<p>&#91;gallery]</p>\n<figure><img src=")
    assert 'alt="a &quot;map&quot;"' in request["content"]
    assert (request["slug"], request["date_gmt"]) == ("spring-2026-a", "2026-03-01T08:30:00")
    assert request["tags"][0] == {HOLE: "tag:open source"}


# --- what no file says ------------------------------------------------------------------------------------------------


def test_linkedin_shows_pictures_or_a_card() -> None:
    """One picture, several, or the card with its words; not two of these."""
    card = Card(LINK, "Spring", "Sum", pictures("")[0])
    assert composed("linkedin", media=pictures("one"))["content"]["media"]["altText"] == "one"
    assert len(composed("linkedin", media=pictures("one", "two"))["content"]["multiImage"]["images"]) == 2
    article = composed("linkedin", card=card)["content"]["article"]
    assert (article["source"], article["title"], article["description"]) == (LINK, "Spring", "Sum")
    assert "content" not in composed("linkedin")
    with pytest.raises(Unsupported):
        composed("linkedin", media=pictures("one"), card=card)


def test_threads_has_one_topic() -> None:
    """The first tag that can be one; the link is the attachment."""
    request = composed("threads", tags=("R&D", "v2.0", "open source"), card=Card(LINK, "Spring"))
    assert (request["topic_tag"], request["link_attachment"], request["media_type"]) == ("open source", LINK, "TEXT")
    assert "topic_tag" not in composed("threads", tags=())


def test_forem_takes_four_plain_tags() -> None:
    """Letters and digits, each once."""
    article = composed("devto", tags=("Open Source", "C++", "c", "Été", "x" * 31, "a", "b"))["article"]
    assert article["tags"] == "opensource, c, été, a"
    assert (article["canonical_url"], article["published"]) == (LINK, True)


def test_nostr_describes_its_pictures() -> None:
    """Each is an address in the words with an `imeta` tag (NIP-92); an article keeps its `d` tag (NIP-23)."""
    note = composed("nostr", media=pictures("one"))
    assert note["kind"] == 1
    assert note["content"].endswith(f"media:{digest_of('0')}")
    [imeta] = [tag for tag in note["tags"] if tag[0] == "imeta"]
    assert imeta[1:] == [
        f"url media:{digest_of('0')}",
        "m image/jpeg",
        f"x {digest_of('0')}",
        "dim 1200x900",
        "alt one",
    ]
    article = composed("nostr_article")
    assert article["kind"] == 30023
    assert ["d", "spring_2026.a"] in article["tags"]
    assert ["t", "open source"] in article["tags"]


def test_pinterest_has_one_alt_text() -> None:
    """For all pictures of a pin; too much of it is refused, not cut."""
    with pytest.raises(Unsupported, match="500"):
        composed("pinterest", media=pictures("a" * 300, "b" * 300))
    with pytest.raises(Unsupported, match="2048"):
        composed("pinterest", media=pictures("a"), link="https://e.example/" + "a" * 2048)


def test_an_e_mail_says_it_twice() -> None:
    """As HTML that shows its pictures, and as text that names them."""
    request = composed("email", "<p>Words.</p>", pictures("one"), title="A <title>\nof two lines")
    assert request["subject"] == "A <title> of two lines"
    assert request["text"] == "Plain words.\n\n[one]\n"
    assert '<html lang="fr">' in request["html"]
    assert f'<img src="cid:{request["inline"][0]["cid"]}" alt="one"' in request["html"]
    assert "<title>A &lt;title&gt;" in request["html"]


def test_reddit_wants_a_title() -> None:
    """Without one there is nothing to click."""
    with pytest.raises(Unsupported):
        composed("reddit", title="")
