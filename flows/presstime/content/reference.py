"""The tables of keys on the author's page, made from the one table of keys and put between two comments of the page."""

from collections.abc import Iterable, Iterator

from presstime.content.keys import CHANNEL_KEYS, KEYS, MEDIA_KEYS, Key

BEGIN = "<!-- keys: written by `presstime schema --page`, do not edit -->"
END = "<!-- end of keys -->"
PARTS = (
    ("", KEYS),
    ("Of one channel, in `overrides` or where `channels` is a map:", CHANNEL_KEYS),
    ("Of one picture, in `media`:", MEDIA_KEYS),
)


def tables() -> str:
    """Every key with its other names, its meaning and an example, as Markdown."""
    return "\n\n".join("\n\n".join(filter(None, [title, _table(keys)])) for title, keys in PARTS)


def put_into(page: str) -> str:
    """The page with the tables between its two comments. Raises ValueError if they are not there, in this order."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no two lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _table(keys: Iterable[Key]) -> str:
    return "\n".join(["| key | also read | meaning | for example |", "|---|---|---|---|", *_rows(keys)])


def _rows(keys: Iterable[Key]) -> Iterator[str]:
    for key in keys:
        also = ", ".join(f"`{name}`" for name in key.aliases)
        cells = (f"`{key.name}`", also, key.doc, f"`{key.name}: {key.example}`")
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
