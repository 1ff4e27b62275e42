"""Whether the links that posts lead readers to lead anywhere. Off unless the newsroom's policy asks for it.

What a pull request says is asked for by a machine of ours, so only public hosts are (`outside.py`).
"""

import ssl
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, NamedTuple

from presstime.content.newsroom import Newsroom
from presstime.model import Post, Problem
from presstime.outside import NotAsked, Outside

CODE = "broken-link"
MAX_LINKS = 500  # of one run
AT_ONCE = 16
BUDGET = 120.0  # seconds for all links
# Answers to a stranger without a browser that say nothing of the page: log in, go away, not so fast.
UNJUDGED = frozenset({401, 403, 405, 406, 407, 408, 418, 425, 429, 451, 503, 999})
ADVICE = "Correct the address, or take the link away."


class Answer(NamedTuple):
    """What became of asking for a link. `silent`: nobody answered, which may be for want of a network."""

    kind: Literal["fine", "broken", "silent"]
    reason: str = ""


FINE = Answer("fine")


class Links(NamedTuple):
    """The problems that were found, and what to tell about the rest, "" for nothing."""

    problems: list[Problem]
    note: str


def link_problems(newsroom: Newsroom, now: datetime, ask: Callable[[str], Answer] | None = None) -> Links:
    """Look at the links of every post that is still to go out. Without a network nothing is judged: there is one note."""
    policy = newsroom.settings.policy
    if not policy.check_links:
        return Links([], "")
    wanted: dict[str, list[Post]] = {}
    for post in newsroom.loaded.each():
        if post.status != "retracted" and any(t.due > now and policy.covers(t.due) for t in post.targets):
            for link in links_of(post):
                wanted.setdefault(link, []).append(post)
    links = list(wanted)[:MAX_LINKS]
    answers = _ask_all(links, ask or Asker().ask)
    severity = policy.severity(CODE)
    if answers and all(answer.kind == "silent" for answer in answers.values()):
        return Links([], f"links were not checked: {next(iter(answers.values())).reason}; is there a network?")
    problems = [
        Problem(post.path, *_place(newsroom, post, link), severity, CODE, f"{link} {answer.reason}", ADVICE)
        for link, answer in answers.items()
        if answer.kind != "fine"
        for post in wanted[link]
    ]
    left = len(wanted) - len(answers)
    return Links(problems, f"{left} links were not checked: too many for one run" if left else "")


def links_of(post: Post) -> list[str]:
    """The web addresses in what an author wrote, but the post's own page, which may not be there yet."""
    from presstime.render.markdown import to_rich
    from presstime.render.words import Style

    texts = (post.body, *(target.text for target in post.targets if target.text))
    spans = [span for text in texts for span in to_rich(text, Style(frozenset({"link"}))).spans]
    found = (span.value.partition("#")[0] for span in spans if span.value.lower().startswith(("http://", "https://")))
    return [link for link in dict.fromkeys(found) if link != post.link]


def _place(newsroom: Newsroom, post: Post, link: str) -> tuple[int, int]:
    text = newsroom.source.read(post.path).decode("utf-8-sig")
    at = text.find(link)
    return (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)) if at >= 0 else (1, 1)


def _ask_all(links: Iterable[str], ask: Callable[[str], Answer]) -> Mapping[str, Answer]:
    """The answers that came within the budget."""
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="links")
    asked = {link: pool.submit(ask, link) for link in links}
    wait(asked.values(), timeout=BUDGET)
    pool.shutdown(wait=False, cancel_futures=True)
    return {link: future.result() for link, future in asked.items() if future.done() and not future.cancelled()}


# --- asking -----------------------------------------------------------------------------------------------------------


@dataclass
class Asker(Outside):
    """Asks for links, HEAD first and GET where that is not understood; of an answer only the head is read."""

    purpose: ClassVar[str] = " (link check)"

    def ask(self, link: str) -> Answer:
        """What becomes of a link. Raises nothing."""
        import httpx

        try:
            status = self._status("HEAD", link)
            if status >= 400:
                status = self._status("GET", link)
        except NotAsked as refusal:
            return Answer("silent" if refusal.silent else "broken", refusal.reason)
        except httpx.TimeoutException:
            return Answer("silent", "does not answer in time")
        except httpx.TransportError as error:
            return _unreached(error)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return Answer("broken", "is no address that can be asked for")
        return FINE if status < 400 or status in UNJUDGED else Answer("broken", f"answers {status}")

    def _status(self, method: str, link: str) -> int:
        response = self.followed(method, link)
        response.close()
        return response.status_code


def _unreached(error: BaseException) -> Answer:
    """Nobody answered, or somebody who cannot show who it is."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return Answer("broken", "has no valid certificate")
        cause = cause.__cause__ or cause.__context__
    return Answer("silent", "cannot be reached")
