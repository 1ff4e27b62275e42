"""Numbers, instants and spans as a language writes them, from the forms in which messages have them."""

import re
from collections.abc import Callable

ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d) (\d\d:\d\d(?::\d\d)?)\b")  # 2026-03-24 09:00
LOCAL = re.compile(r"\b([A-Z][a-z]{2}) (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d)\b")  # Tue 24 Mar 2026 09:00
WHOLE = re.compile(rf"(?:{ISO.pattern}(?: UTC)?|{LOCAL.pattern}(?: [+-]\d\d:\d\d)?(?: \([\w/+-]+\))?)")
DAYS = re.compile(r"\b(\d+) (days?)\b")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DATE = "{day} {month} {year} {time}"


class Figures:
    """`word` gives the language's word for one of ours: of the kinds `month`, `weekday`, `day` (of the month), `number` (the signs in
    numbers) and `time` (`day`, `days`, and DATE, the form of a date with a time)."""

    def __init__(self, word: Callable[[str, str], str]) -> None:
        self.word = word

    def number(self, text: str) -> str:
        signs = {sign: self.word("number", sign) for sign in ",."}
        return "".join(signs.get(sign, sign) for sign in text)

    def is_instant(self, text: str) -> bool:
        """Whether a text is an instant and nothing else."""
        return WHOLE.fullmatch(text) is not None

    def time(self, text: str) -> str:
        """The text with every instant and span of days in it as the language writes them."""
        text = ISO.sub(lambda m: self._date(m[3], MONTHS[int(m[2]) - 1], m[1], m[4]) if m[2] in _TWELVE else m[0], text)
        text = LOCAL.sub(lambda m: f"{self.word('weekday', m[1])} {self._date(m[2], m[3], m[4], m[5])}", text)
        return DAYS.sub(lambda m: f"{m[1]} {self.word('time', m[2])}", text)

    def _date(self, day: str, month: str, year: str, time: str) -> str:
        form = self.word("time", DATE)
        day = day.lstrip("0")
        values = {"day": self.word("day", day), "month": self.word("month", month), "year": year, "time": time}
        return form.format(**values)


_TWELVE = {f"{n:02}" for n in range(1, 13)}
