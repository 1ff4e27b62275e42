"""What all twins share: operations, accounts, and answers in the network's own words."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from presstime.model import Span, TextRule
from presstime.sandbox.calls import Answer, Call, Rejected
from presstime.sandbox.grants import PREFIX
from presstime.sandbox.state import Post, State


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of a network's API. `path` as Starlette writes it, below the twin's prefix; `visible` if readers see its
    effect; `open` if it needs no credentials; `fetches` are the parameters whose addresses the network itself gets."""

    method: str
    path: str
    name: str
    run: Callable[[Call], Answer]
    visible: bool = False
    open: bool = False
    fetches: tuple[str, ...] = ()


class Twin(ABC):
    """One network. Any token that is not empty is good and has an account of its own; `wrong-...` is refused, and one
    that the sandbox itself gave out (sandbox/oauth.py) is good as long as that says."""

    network: ClassVar[str]
    title: ClassVar[str]
    contract: ClassVar[str] = ""  # whose contract its requests are held to; its own network's, if empty
    prefix: ClassVar[str]  # of its API's paths; anything else below the network's name is a page for people
    limit: ClassVar[int] = 300  # requests in a `window` of seconds, as the rate headers tell it; not enforced
    window: ClassVar[int] = 300
    convention: ClassVar[str] = (
        ""  # whose rules find links, mentions and tags in its words; none: there are no such marks
    )
    uploads: ClassVar[str | None] = None  # the path that pictures go to, as a pattern; None: they go with the message

    def __init__(self, state: State) -> None:
        self.state = state

    @abstractmethod
    def operations(self) -> list[Operation]: ...

    @abstractmethod
    def failure(self, status: int, message: str, code: str = "") -> Answer:
        """An error in the network's own form."""

    @abstractmethod
    def rate(self, limit: int, remaining: int, reset: datetime) -> dict[str, str]:
        """The rate headers in the network's own dialect."""

    @abstractmethod
    def profile(self, account: str) -> str:
        """The path of an account's page."""

    def token(self, headers: Mapping[str, str], given: Mapping[str, str]) -> str:
        """The credential, in the headers or in what else was `given`: the path, the query, a form."""
        scheme, _, value = headers.get("authorization", "").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else ""

    def shown(self, path: str) -> str:
        """A path as it may be kept and shown: without a token that may stand in it."""
        return path

    def account(self, token: str) -> str:
        """Whose token this is. Raises `Rejected` with the network's own 401."""
        if not token or token.startswith("wrong-"):
            raise Rejected(self.unauthorized())
        if not token.startswith(PREFIX):
            return name_of(token)
        account = self.state.grants.verdict(self.network, token)
        if not account:
            raise Rejected(self.unauthorized() if account is None else self.expired())
        return account

    def unauthorized(self) -> Answer:
        return self.failure(401, "Unauthorized")

    def expired(self) -> Answer:
        return self.unauthorized()

    def forbidden(self) -> Answer:
        """A permission that was withdrawn, in the network's own words."""
        return self.failure(403, "Forbidden")

    def refusal(self) -> Answer:
        """Something, a picture mostly, that is refused for good."""
        return self.failure(400, "The file cannot be processed")

    def limited(self, seconds: float) -> Answer:
        answer = self.failure(429, "Too Many Requests")
        return Answer(429, answer.body, self.rate(self.limit, 0, self.state.now() + timedelta(seconds=seconds)))

    def misshapen(self, problems: list[str]) -> Answer:
        """What a request gets that breaks the contract."""
        return self.failure(400, "; ".join(problems))

    def refuse(self, status: int, message: str, code: str = "") -> Rejected:
        return Rejected(self.failure(status, message, code))

    def answer(self, post: Post, author: str, text: str) -> Post:
        """A reader's answer to a post, as the network would have taken it."""
        number = self.state.number()
        return Post(
            self.network, number, author, text, self.state.now(), f"{self.profile(author)}/{number}", parent=post.id
        )

    def alter(self, post: Post, text: str) -> None:
        """Somebody changes a post's words on the network itself."""
        spans = marked(text, self.convention) if self.convention else ()
        self.state.edit(post, text, spans, post.media)

    def used(self, account: str) -> dict[str, str]:
        count, reset = self.state.use(self.window, self.network, account)
        return self.rate(self.limit, max(self.limit - count, 1), reset)


def name_of(token: str) -> str:
    """The account a token stands for: `sandbox-verne` is verne's, any other has an account of its own."""
    if token.startswith("sandbox-") and len(token) > len("sandbox-"):
        return token.removeprefix("sandbox-")
    return f"account-{hashlib.sha256(token.encode()).hexdigest()[:6]}"


def too_long(text: str, rule: TextRule) -> bool:
    from presstime.render import measure

    return measure.over(text, rule) > 0


def marked(text: str, convention: str) -> tuple[Span, ...]:
    """The links, mentions and tags that the network finds in a text by itself."""
    from presstime.render import entities

    found = entities.find(text, convention)  # type: ignore[arg-type]
    return tuple(Span(e.start, e.end, e.kind, e.value) for e in found if e.kind != "cashtag")


PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif", b"RIFF": "image/webp"}
FILMS = ("video/mp4", "video/webm", "video/quicktime")


def picture_type(content: bytes) -> str | None:
    """The kind of a picture by its first bytes; None for anything else."""
    return next((mime for magic, mime in PICTURES.items() if content.startswith(magic)), None)


def film_type(content: bytes) -> str | None:
    """The kind of a video by its first bytes (ISO/IEC 14496-12, Matroska); None for anything else."""
    if content[4:8] == b"ftyp":
        return "video/quicktime" if content[8:12] == b"qt  " else "video/mp4"
    return "video/webm" if content.startswith(b"\x1aE\xdf\xa3") else None
