"""The schedule for other people's calendars (RFC 5545) and feed readers (jsonfeed.org, version 1.1)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from presstime.model import JsonObject, to_iso
from presstime.web.board import Board, Card, Story
from presstime.web.language import Language

LENGTH = timedelta(minutes=15)  # what an entry takes on the page of a calendar


def ics(name: str, cards: Iterable[tuple[Story, Card]], now: datetime, language: Language) -> bytes:
    """A calendar of deliveries that are coming or went out. The same delivery keeps its UID, so that a moved one moves."""
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
            "\n\n".join(filter(None, (f"{language.say(card.state)}. {card.reason}".strip(), text_of(card)))),
        )
        event.add("status", "CONFIRMED" if card.state in ("planned", "due", "published") else "TENTATIVE")
        event.add("categories", [card.title, *([story.campaign] if story.campaign else [])])
        if card.url:
            event.add("url", card.url)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def text_of(card: Card) -> str:
    return "\n\n".join(message.segment.plain or message.segment.text for message in card.messages)


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
                "content_text": text_of(card) or card.trouble or card.reason,
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
