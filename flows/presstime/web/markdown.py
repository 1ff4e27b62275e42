"""Words of others in Markdown that GitHub and GitLab read alike, without anything that they act on.

In code neither host looks for names. In every other word each sign that they act on is parted from what follows by U+2060 (word
joiner), which nobody sees."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

JOINER = "\u2060"
SIGNS = re.compile(r"([@#!%&~$^*](?=\S)|GH-(?=\d)|:(?=//)|www(?=\.)|\[(?=\w))", re.IGNORECASE)
MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~$])")


def calm(text: str) -> str:
    """Words of others as plain words: no markup, no name, no number, no link that a code host would act on.

    >>> calm("@ada closes #12").replace(JOINER, "|")
    '@|ada closes \\\\#|12'
    """
    flat = " ".join(text.split())
    apart = SIGNS.sub(lambda match: f"{match[1]}{JOINER}", flat)
    return MARKUP.sub(r"\\\1", apart.replace("&", "&amp;"))


def plain(text: str) -> str:
    """Words of others within HTML of ours."""
    flat = SIGNS.sub(lambda match: f"{match[1]}{JOINER}", " ".join(text.split()))
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("`", "&#96;"), ("*", "&#42;"), ("_", "&#95;")):
        flat = flat.replace(sign, entity)
    return flat.replace("[", "&#91;").replace("\\", "&#92;")


def code(text: str) -> str:
    """Words in a code span that they cannot end."""
    flat = " ".join(text.split())
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    ticks = "`" * (longest + 1)
    room = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{room}{flat}{room}{ticks}"


def fenced(text: str, kind: str = "text") -> str:
    """Words as they are, in a code block that they cannot end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{kind}\n{text}\n{fence}"


def differing(before: str, after: str) -> str:
    r"""All lines of two texts: those of the first alone behind `-`, of the second alone behind `+`.

    >>> print(differing("One.\nTwo.", "One.\nThree."))
      One.
    - Two.
    + Three.
    """
    old, new = before.splitlines(), after.splitlines()
    found: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        found += [f"  {line}" for line in old[a:b]] if tag == "equal" else [f"- {line}" for line in old[a:b]]
        found += [] if tag == "equal" else [f"+ {line}" for line in new[c:d]]
    return "\n".join(line.rstrip() for line in found)


def listed(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
