"""Words that nothing may say: tokens, passwords, and the forms they take on a wire."""

import threading
from base64 import b64encode
from urllib.parse import quote

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
            self._words |= forms

    def scrub(self, text: str) -> str:
        for word in sorted(self._words, key=len, reverse=True):
            text = text.replace(word, "**redacted**")
        return text
