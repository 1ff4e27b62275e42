"""Whether a network's words are ours.

What a network does to a text by itself is no change of it: the normal form of its letters, its white space and signs nobody
sees, how a link is spelled (scheme, last slash, or the network's own short form of it), and links and tags at its end that
become a card or a topic.
"""

import re
import unicodedata

from presstime.model import Sighting

SHORT = re.compile(r"\b(?:lnkd\.in|t\.co)/\w+")  # LinkedIn's and X's own addresses in place of ours
TAKEN_UP = ("#", "\uff03", "http://", "https://")  # how words begin that may become a card or a topic
SELECTORS = {"\ufe0e", "\ufe0f"}  # of how an emoji is drawn


def comparable(text: str) -> str:
    """A text without what a network may change in every word of it."""
    return " ".join(map(_spelled, _words(text)))


def is_ours(sent: str, there: str) -> bool:
    """Whether what stands there is what was sent. In doubt it is."""
    pattern = re.compile(r"\S+".join(map(re.escape, SHORT.split(comparable(there)))))
    words = _words(sent)
    while not pattern.fullmatch(" ".join(map(_spelled, words))):
        if not (words and words[-1].startswith(TAKEN_UP)):
            return False
        words.pop()
    return True


def sighting(sent: str, there: str, note: str = "") -> Sighting:
    """What is told of words that stand there. A note says that something else is not as it was sent."""
    return Sighting(there, bool(note) or not is_ours(sent, there), note)


def _words(text: str) -> list[str]:
    seen = (sign for sign in unicodedata.normalize("NFC", text) if sign not in SELECTORS)
    return "".join(sign for sign in seen if unicodedata.category(sign) != "Cf").split()


def _spelled(word: str) -> str:
    return re.sub(r"^https?://", "", word).rstrip("/")
