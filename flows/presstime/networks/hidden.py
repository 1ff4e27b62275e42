"""Words that nothing may say: tokens, passwords, and the forms they take on a wire."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote

LONG = 8  # letters that a piece of base64 must have to be somebody's secret
SHORTEST = 4  # fewer letters are no secret, and hiding them would spoil every sentence


class Hidden:
    """A growing set of secrets. `scrub` takes them out of a text: as they are, in an address, and in base64."""

    def __init__(self, *words: str) -> None:
        self._words: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        for word in words:
            self.add(word)

    def add(self, word: str) -> None:
        if len(word) < SHORTEST:
            return
        forms = {word, b64encode(word.encode()).decode(), *(quote(word, safe=safe) for safe in ("", "/", ":"))}
        with self._lock:
            self._words |= forms | set(_within_base64(word.encode()))

    def scrub(self, text: str) -> str:
        """The text without them."""
        for word in sorted(self._words, key=len, reverse=True):
            text = text.replace(word, "**redacted**")
        return text


def _within_base64(word: bytes) -> Iterator[str]:
    """What a word looks like somewhere inside a longer text in base64 (`Authorization: Basic` has it after the client's id): three
    ways, by where it begins, without the letters that depend on its neighbours."""
    for shift in range(3):
        core = b64encode(b"." * shift + word).decode()[4 * bool(shift) : -4]
        if len(core) >= LONG:
            yield core
