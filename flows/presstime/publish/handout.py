"""What a person needs in order to post a delivery of an assisted channel: the words, the files, and where to put them.

It is made of what the log says was handed over, and of Git: any clone can make it again, byte for byte."""

import mimetypes
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from presstime.errors import NetworkError, SettingsError
from presstime.model import Attachment, Channel, Delivery, DeliveryState, JsonObject, Traits, Variant, digest_of, to_iso
from presstime.networks import load
from presstime.render.forms import DOCUMENTS

ADDRESS_MAX = 8000  # octets that every server takes in an address (RFC 9110, 4.1)
PAGE, FIELD = "post.md", re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class File:
    """A picture or film to be posted: where it lies, or why it could not be put there."""

    path: Path
    alt: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One message: its words, ready to be pasted, and what goes with them."""

    text: str
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Handout:
    """A delivery as a person posts it. `compose` is the network's own page for it, `link` the post's page."""

    delivery: Delivery
    network: str
    account: str | None
    parts: tuple[Part, ...]
    compose: str | None
    link: str | None
    folder: Path
    digest: str
    since: datetime | None
    until: datetime | None
    reminded: int = 0

    @property
    def command(self) -> str:
        """What says that it is out."""
        return f"presstime done {self.delivery} --url URL"

    def as_markdown(self, say: Callable[[str], str] = str) -> str:
        """As a page of the UI, and as a file beside the others. `say` puts our words, not the post's, into a language."""
        return "\n\n".join(self._paragraphs(say)) + "\n"

    def _paragraphs(self, say: Callable[[str], str]) -> Iterator[str]:
        yield say(f"# {self.delivery}: to be posted on {self.network}{f' as {self.account}' if self.account else ''}")
        if self.compose:
            yield say(f"[Write it on {self.network}]({self.compose})")
        for n, part in enumerate(self.parts, 1):
            if len(self.parts) > 1:
                many = len(self.parts)
                head = f"## Message {n} of {many}"
                yield say(f"## Message {n} of {many}, in answer to the one before" if n > 1 else head)
            fence = "`" * (1 + max([2, *(len(run) for run in re.findall("`+", part.text))]))
            yield f"{fence}text\n{part.text}\n{fence}"
            for file in part.files:
                yield say(f"File: `{file.path}`{f' ({file.trouble})' if file.trouble else ''}")
                yield f"{say('Its alt text:')}\n\n```text\n{file.alt}\n```" if file.alt else say("It has no alt text.")
        yield say(f"When it is out: `{self.command}`")

    def to_json(self) -> JsonObject:
        """The shape programs rely on."""
        return {
            "delivery": str(self.delivery),
            "network": self.network,
            "account": self.account,
            "since": self.since and to_iso(self.since),
            "until": self.until and to_iso(self.until),
            "reminded": self.reminded,
            "digest": self.digest,
            "compose": self.compose,
            "link": self.link,
            "folder": str(self.folder),
            "messages": [
                {
                    "text": part.text,
                    "media": [{"file": str(f.path), "alt": f.alt, "trouble": f.trouble or None} for f in part.files],
                }
                for part in self.parts
            ],
        }


@dataclass(frozen=True)
class Handouts:
    """Makes them in a folder. `payload` gives a variant as the log has it, `reread` an attachment's bytes as they were
    approved, `channel` what presstime.toml says of a channel (None: nothing any more)."""

    folder: Path
    payload: Callable[[str], JsonObject]
    reread: Callable[[Variant, Attachment], bytes]
    channel: Callable[[str], Channel | None]
    say: Callable[[str], str] = str  # our words in the newsroom's language

    def put_down(self, state: DeliveryState) -> Handout:
        """What a person needs for a delivery that was handed to them, with its files written. Raises `SettingsError` where the
        folder cannot be written, `LedgerError` where the log has not what was handed over."""
        variant = Variant.from_json(self.payload(state.sent_digest))
        channel = self.channel(state.delivery.channel) or Channel(state.delivery.channel, variant.network)
        folder, traits = self.folder / _folder_of(state.delivery), load(variant.network).traits
        try:
            folder.mkdir(parents=True, exist_ok=True)
            parts = tuple(self._parts(variant, folder))
            made = Handout(
                delivery=state.delivery,
                network=traits.title,
                account=channel.account,
                parts=parts,
                compose=compose_link(variant, channel, traits),
                link=variant.link,
                folder=folder,
                digest=state.sent_digest,
                since=state.handed,
                until=state.until,
                reminded=state.reminded,
            )
            (folder / PAGE).write_text(made.as_markdown(self.say))
            _clear(folder, {folder / PAGE, *_texts(folder, len(parts)), *(f.path for p in parts for f in p.files)})
        except OSError as error:
            advice = "What a person is to post is written there: see to the rights and the room on the disk."
            raise SettingsError(f"{error.filename}: {error.strerror}", advice) from error
        return made

    def _parts(self, variant: Variant, folder: Path) -> Iterator[Part]:
        count = 0
        for n, segment in enumerate(variant.segments, 1):
            files = []
            for item in segment.media:
                count += 1
                files.append(self._file(variant, item, folder / _file_name(item, count)))
            _texts(folder, len(variant.segments))[n - 1].write_text(segment.text)
            yield Part(segment.text, tuple(files))

    def _file(self, variant: Variant, item: Attachment, path: Path) -> File:
        if path.exists() and digest_of(path.read_bytes()) == item.digest:
            return File(path, item.alt)
        try:
            path.write_bytes(self.reread(variant, item))
        except NetworkError as error:
            return File(path, item.alt, error.told)
        return File(path, item.alt)

    def tidy(self, waiting: Collection[Delivery]) -> None:
        """Take away what nobody waits for any more."""
        kept = {self.folder / _folder_of(delivery) for delivery in waiting}
        for page in sorted(self.folder.rglob(PAGE)) if self.folder.is_dir() else ():
            if page.parent not in kept:
                _clear(page.parent)


def compose_link(variant: Variant, channel: Channel, traits: Traits) -> str | None:
    """The network's own page for writing this, with as much filled in as it takes; None where it has none."""
    first = variant.segments[0]
    words = {
        "text": first.text if traits.markup not in DOCUMENTS else "",
        "link": "" if first.media else variant.link or "",  # pages that share a link take no pictures
        "title": variant.title,
    }
    known = {name: quote(text, safe="") for name, text in words.items() if text}
    known |= {
        "server": (channel.base_url or traits.default_base_url or "").rstrip("/"),
        "account": channel.account or "",
    }
    for template in traits.compose_links:
        if all(known.get(name) for name in FIELD.findall(template)):
            address = FIELD.sub(lambda field: known[field[1]], template)
            if len(address) <= ADDRESS_MAX:
                return address
    return None


def _texts(folder: Path, messages: int) -> list[Path]:
    return [folder / ("text.txt" if messages == 1 else f"text-{n + 1}.txt") for n in range(messages)]


def _clear(folder: Path, but: Collection[Path] = ()) -> None:
    """Take away a folder's files, and the folder if nothing is left in it; what cannot be taken away stays."""
    with suppress(OSError):
        for file in folder.iterdir():
            if file.is_file() and file not in but:
                file.unlink()
        for emptied in (folder, *folder.parents) if not but else ():
            emptied.rmdir()  # up to the first that holds anything


def _folder_of(delivery: Delivery) -> Path:
    """A delivery as a path: an occurrence is named by its time, and a colon is not for every disk."""
    return Path(*str(delivery).replace(":", "").split("/"))


def _file_name(item: Attachment, number: int) -> str:
    """As it is called in Git, with the ending of what it was made into."""
    name = Path(item.path)
    ending = mimetypes.guess_extension(item.mime) or name.suffix
    return f"{number}-{name.stem}{ending}"
