"""`presstime done`: what waits for a person to post it, and that it is out."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from presstime.cli.output import FORMAT, count, say_json, show, who
from presstime.cli.voice import spoken
from presstime.clock import format_local
from presstime.errors import UsageError
from presstime.model import Delivery, Variant

if TYPE_CHECKING:
    from presstime.publish.handout import Handout, Part
    from presstime.wire import Desk


@click.command()
@click.argument("delivery", metavar="[POST/CHANNEL]", required=False)
@click.option(
    "--url", "urls", multiple=True, help="Where it is. Of a thread, once for each message, or for the first alone."
)
@FORMAT
@click.pass_obj
def command(directory: Path, delivery: str | None, urls: tuple[str, ...], form: str) -> int:
    """Say that you have posted a delivery of an assisted channel, and where it is.

    Without a delivery: what waits to be posted, with the words to paste, the files, their alt texts, and the network's own page
    for it. What you say is written into the log under your name."""
    from presstime.wire import open_desk

    if urls and delivery is None:
        raise UsageError("say which delivery is there", "presstime done POST/CHANNEL --url URL")
    with open_desk(directory) as desk:
        desk.ledger.catch_up()
        if delivery is not None and urls:
            return _record(desk, delivery, urls, form)
        waiting = [desk.handouts.put_down(state) for state in desk.waiting() if delivery in (None, str(state.delivery))]
        if delivery is not None and not waiting:
            raise UsageError(f"{delivery} does not wait for anybody", "`presstime done` alone lists what does.")
        if form == "json":
            say_json({"waiting": [found.to_json() for found in waiting]})
        else:
            _show(desk, waiting)
    return 0


def _record(desk: "Desk", name: str, urls: Sequence[str], form: str) -> int:
    """Write down where it is. Raises `UsageError` for what cannot be so."""
    from presstime.ledger.assisted import done_by_hand

    try:
        delivery = Delivery.parse(name)
    except ValueError as error:
        raise UsageError(str(error), "`presstime done` lists what waits.") from error
    _check(desk, delivery, urls)
    news = done_by_hand(desk.ledger, delivery, desk.timing.now, who(), urls)
    if form == "json":
        say_json({"delivery": name, "state": "published", "urls": list(urls), "new": news})
    else:
        show(f"{delivery}: noted as published." if news else f"{delivery}: the log says so already.")
    return 0


def _check(desk: "Desk", delivery: Delivery, urls: Sequence[str]) -> None:
    """Raises `UsageError` for addresses that are none of messages of this delivery."""
    from presstime.settings.tables import url_problem

    for url in urls:
        if problem := url_problem(url):
            raise UsageError(f"{url!r} {problem}", "Copy the address of the message itself, as the network shows it.")
    if len(set(urls)) < len(urls):
        raise UsageError("one address stands there twice", "Each message of a thread has its own.")
    state = desk.ledger.state(delivery)
    if state is None or state.handed is None:
        return  # the log's own answer says it better
    variant = Variant.from_json(desk.ledger.payload(state.sent_digest))
    if len(urls) > len(variant.segments):
        raise UsageError(
            f"{len(urls)} addresses, and {delivery} has {count(len(variant.segments), 'message')}", "Leave some out."
        )
    if variant.link in urls:
        raise UsageError(
            f"{variant.link} is the page that the post leads to, not the post",
            "Copy the address of the message itself, as the network shows it.",
        )


def _show(desk: "Desk", waiting: "Sequence[Handout]") -> None:
    if not waiting:
        show("Nothing waits for a person to post it.")
    for found in waiting:
        click.echo("\n".join(_lines(found, desk.settings.timezone)) + "\n")
    if waiting:
        show(
            f"{count(len(waiting), 'delivery')} to be posted by hand. The same is in files below {desk.handouts.folder}."
        )


def _lines(found: "Handout", zone: str) -> Iterator[str]:
    since = f", since {format_local(found.since, zone)}" if found.since else ""
    until = f", of use until {format_local(found.until, zone)}" if found.until else ""
    yield spoken(
        f"== {found.delivery}: on {found.network}{f' as {found.account}' if found.account else ''}{since}{until}"
    )
    if found.compose:
        yield spoken(f"Write it at: {found.compose}")
    for n, part in enumerate(found.parts, 1):
        if len(found.parts) > 1:
            yield spoken(f"-- message {n} of {len(found.parts)}")
        yield from _part(part)
    yield spoken(f"When it is out: {found.command}")


def _part(part: "Part") -> Iterator[str]:
    yield f"\n{part.text}\n"
    for file in part.files:
        yield spoken(f"File: {file.path}{f' ({file.trouble})' if file.trouble else ''}")
        yield spoken(f"  its alt text: {file.alt}" if file.alt else "  without alt text")
