"""Tags as hashtags: one word each, read aloud rightly, and none that a network would not link."""

from collections.abc import Iterable

import regex

# Names whose signs carry the meaning, as people write them in hashtags.
KNOWN = {"c++": "CPlusPlus", "c#": "CSharp", "f#": "FSharp", ".net": "DotNet", "node.js": "NodeJS", "asp.net": "ASPNET"}
SIGNS = {"&": " And ", "+": " Plus ", "#": " Sharp "}
PART = regex.compile(r"[\p{L}\p{M}\p{N}_\u200c]+")


def hashtags(tags: Iterable[str]) -> list[str]:
    """`open source` becomes `#OpenSource`: without spaces and signs, each further word with a capital, so that a screen
    reader tells them apart. A single word stays as it is written. Tags of digits only, which no network links, are left
    out, and so is what is said already."""
    found: dict[str, str] = {}
    for tag in tags:
        word = _word(tag)
        if regex.search(r"[\p{L}\p{M}]", word):
            found.setdefault(word.casefold(), f"#{word}")
    return list(found.values())


def _word(tag: str) -> str:
    tag = tag.strip().lstrip("#＃") if len(tag.strip()) > 1 else tag
    if known := KNOWN.get(tag.lower()):
        return known
    for sign, name in SIGNS.items():
        tag = tag.replace(sign, name)
    parts = PART.findall(tag.replace("'", "").replace("’", ""))
    return parts[0] if len(parts) == 1 else "".join(part[:1].upper() + part[1:] for part in parts)
