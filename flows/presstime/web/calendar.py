"""The schedule for other people's calendars (RFC 5545) and feed readers (jsonfeed.org, version 1.1)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from presstime.language import Language
from presstime.model import JsonObject, to_iso
from presstime.networks.htmltext import text_of as plain_of
from presstime.web.board import Board, Card, Story

ROOM = 1000  # letters of a text that an entry shows: calendars are fetched again and again
LENGTH = timedelta(minutes=15)  # what an entry takes on the page of a calendar


def ics(name: str, cards: Iterable[tuple[Story, Card]], now: datetime, language: Language) -> bytes:
    """A calendar of deliveries that are coming or went out. The same delivery keeps its UID, so that a moved one moves. What is out
    is read at its address."""
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Presstime//Schedule//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    calendar.add("method", "PUBLISH")
    for story, card in cards:
        event = Event()
        event.add("uid", f"{card.delivery}@presstime".replace("/", "."))
        event.add("dtstamp", now)
        event.add("dtstart", card.at)
        event.add("dtend", card.at + LENGTH)
        event.add("summary", f"{story.title} ({card.delivery.channel})")
        event.add(
            "description",
            "\n\n".join(
                filter(
                    None,
                    (
                        f"{language.say(card.state)}. {language.say(card.reason)}".strip(),
                        "" if card.url else _short(text_of(card)),
                    ),
                )
            ),
        )
        event.add("status", "CONFIRMED" if card.state in ("planned", "due", "published") else "TENTATIVE")
        event.add("categories", [card.title, *([story.campaign] if story.campaign else [])])
        if card.url:
            event.add("url", card.url)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def text_of(card: Card) -> str:
    """Its words without markup, as far as there is a form without."""
    return "\n\n".join(
        plain_of(message.page) if message.page else message.segment.plain or message.segment.text
        for message in card.messages
    )


def _short(text: str) -> str:
    return text if len(text) <= ROOM else f"{text[:ROOM].rpartition(' ')[0]} …"


def json_feed(found: Board, language: Language) -> JsonObject:
    """What is coming, an item for each delivery."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{found.name}: {language.say('what is coming')}",
        "language": language.code,
        "items": [
            {
                "id": str(card.delivery),
                "title": f"{story.title} ({card.delivery.channel})",
                **_content(card, language),
                "date_published": to_iso(card.at),
                "tags": [
                    card.network,
                    card.delivery.channel,
                    card.state,
                    *([story.campaign] if story.campaign else []),
                ],
            }
            for story, card in found.coming()
        ],
    }


def _content(card: Card, language: Language) -> JsonObject:
    """A whole page as HTML, anything else as text: an item must have one of them."""
    if any(message.page for message in card.messages):
        return {"content_html": "\n".join(message.page for message in card.messages)}
    return {"content_text": text_of(card) or language.say(card.trouble or card.reason)}
