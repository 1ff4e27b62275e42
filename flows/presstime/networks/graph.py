"""What Meta's networks share (Facebook, Instagram, Threads): errors by their number, limits, versions, pages of results.

Facts: developers.facebook.com (Graph API: handling errors, rate limits, debug_token; Instagram platform: error codes). An error
says by its `code` what it is; one status, mostly 400, stands for all of them. When a limit ends is told in whole minutes by
`X-Business-Use-Case-Usage`. That an expired token comes as 400 as well as 401, and that an object which is gone is code 100,
subcode 33, is what many report; no page says it.
"""

import json
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from presstime.errors import SettingsError
from presstime.model import (
    Channel,
    Deferred,
    Identity,
    Json,
    JsonObject,
    Metric,
    Outcome,
    Receipt,
    Refused,
    Secret,
    Sighting,
)
from presstime.networks.base import GONE, Order
from presstime.networks.comparing import sighting
from presstime.networks.http import UNREADABLE, Failed, HttpAdapter
from presstime.networks.verdict import Dialect, after_seconds, retry_after

if TYPE_CHECKING:
    import httpx

TEMPORARY = {-2, -1, 1, 2}  # "try again"; whether something was accepted is not said
DUPLICATE = 506  # of the latest post; it names none
THROTTLED = {4, 17, 32, 341, 613, 80001, 80002}
QUOTA = 9  # subcode 2207042: as many posts as a day allows
TOKEN = {102, 190}
PERMISSION = {3, 10, *range(200, 300)}
BLOCKED = {25, 368}  # the account is restricted, or held back for what it posted
SPAM = "4/2207051"  # the number of a limit, for another matter
SLACK = timedelta(minutes=5)  # how far the network's clock may lag behind ours
SIZE, PAGES = 100, 5  # how many results a page has, and pages looked through before we say that we cannot tell


def number(code: str) -> int:
    """The number of an error, of `190` or of `190/463`: its subcode follows."""
    return int(code.partition("/")[0]) if re.fullmatch(r"-?\d+(/\d+)?", code) else 0


def _words(body: Json) -> tuple[str, str]:
    error = body["error"]
    code = str(error["code"]) + (f"/{error['error_subcode']}" if error.get("error_subcode") else "")
    return error.get("error_user_msg") or error["message"], code


def _until(response: "httpx.Response") -> datetime | None:
    """When the longest of the limits ends that the header tells of."""
    try:
        usage = json.loads(response.headers.get("x-business-use-case-usage", "{}"))
        minutes = max(
            (e.get("estimated_time_to_regain_access", 0) for kinds in usage.values() for e in kinds), default=0
        )
    except UNREADABLE:
        minutes = 0
    return after_seconds(minutes * 60) if minutes else retry_after(response)


def dialect(renew: str) -> Dialect:
    """How Meta words things; `renew` as in `Dialect`."""
    return Dialect(
        words=_words,
        until=_until,
        renew=renew,
        about_credentials=lambda status, code, message: number(code) in TOKEN | PERMISSION,
        unknown=lambda status, code, message: number(code) in TEMPORARY | {DUPLICATE},
        gone=lambda status, code, message: code in ("100/33", "24/4279009"),
        limited=lambda status, code, message: number(code) in THROTTLED | {QUOTA},
        blocked=lambda status, code, message: number(code) in BLOCKED or code == SPAM,
        expired=lambda status, code, message: status == 401 or number(code) in TOKEN,
    )


class GraphAdapter(HttpAdapter):
    """One account behind a Graph API. The channel's option `version` names the API's version, e.g. `v26.0`."""

    version: ClassVar[str]
    home: str = "me"  # the node of the token's account
    profile: ClassVar[str]  # the fields of that
    needed: ClassVar[tuple[str, ...]] = ()  # the rights that publishing needs
    caption: ClassVar[str]  # the field of a post that has its words
    own_posts: ClassVar[str]  # the edge of `home` with the account's own posts

    def __init__(self, channel: Channel, secret: Secret | None) -> None:
        super().__init__(channel, secret)
        version = channel.options.get("version", self.version)
        if not re.fullmatch(r"v\d{1,3}\.\d", str(version)):
            raise SettingsError(f"channel {channel.name!r}: {version!r} is no version", "Write it as Meta does: v26.0.")
        self.root = f"/{version}"

    def get(self, node: str, **params: Json) -> Json:
        """What the API says of a node or an edge. Raises `Failed`."""
        return self.http.ask("GET", f"{self.root}/{node}", params=params)

    def pages(self, edge: str, whole: bool = True, **params: Json) -> Iterator[JsonObject]:
        """The results of an edge, page by page. Raises `Failed` if there are more than can be looked through, unless some
        of them will do. `limit` None is for an edge that has its own."""
        params = {name: value for name, value in {"limit": SIZE, **params}.items() if value is not None}
        for _ in range(PAGES):
            page = self.get(edge, **params)
            yield from page["data"]
            paging = page.get("paging", {})
            if "next" not in paging:
                return
            params["after"] = paging["cursors"]["after"]
        if whole:
            reason = f"more than {PAGES * SIZE} posts since then: {self.traits.title} cannot be read back far enough"
            raise Failed(Deferred(reason))

    def permalink(self, node: str, field: str) -> str | None:
        """The public address of what was just posted; None if it cannot be asked: the post is out all the same."""
        try:
            return str(self.get(node, fields=field)[field])
        except (Failed, *UNREADABLE):
            return None

    def whose(self, name: str, url: str | None) -> Identity:
        """The identity of this account, with the credential's rights and end, where it may look at itself."""
        try:
            token = self.get("debug_token", input_token=self.http.token())["data"]
        except Failed:
            return Identity(name, url)
        rights, end = tuple(token.get("scopes", ())), token.get("expires_at")  # 0: never
        until = datetime.fromtimestamp(end, UTC) if end else None
        return Identity(name, url, until, rights, tuple(right for right in self.needed if right not in rights))

    def unless_foreign(self, outcome: Outcome, receipt: Receipt) -> Outcome:
        """What a change came to. What another account posted looks to a token like what is gone, so whose token it is is
        asked then."""
        gone = isinstance(outcome, Refused) and outcome.code == GONE
        return (self._foreign(receipt) if gone else None) or outcome

    def _foreign(self, receipt: Receipt) -> Deferred | None:
        """What a person reads where a message is another account's than the credential. Raises `Failed`."""
        owner, account = self.owner(receipt)
        if owner in (None, account):
            return None
        reason = f"the message is {owner}'s, and the credential is of {account}"
        return Deferred(f"{reason}. {self.dialect.renew}", needs_person=True)

    @abstractmethod
    def owner(self, receipt: Receipt) -> tuple[str | None, str]:
        """Whose a message is, if it tells, and whose the credential is, by the same kind of name. Raises `Failed`."""

    def _look(self, order: Order, receipt: Receipt) -> Sighting | None:
        ask = partial(self.get, quote(receipt.id, safe=""), fields=f"id,{self.caption}")
        post = self.unless_gone(ask, partial(self._beside, receipt))
        return None if post is None else sighting(order.segment.text, post.get(self.caption, ""))

    def _beside(self, receipt: Receipt) -> None:
        """What is gone, what is another account's and what may not be read any more are one and the same error. Raises `Failed`
        unless the account's other posts can be read."""
        if foreign := self._foreign(receipt):
            raise Failed(foreign)
        self.get(f"{self.home}/{self.own_posts}", fields="id", limit=1)

    def recent(self, edge: str, order: Order, stamp: str, **params: Json) -> Iterator[JsonObject]:
        """The account's own posts since the order's nominal instant, newest first; `stamp` is the field of their time.
        Raises `Failed`."""
        since = order.at - SLACK
        posts = self.pages(edge, since=int(since.timestamp()), **params)
        return takewhile(lambda post: instant(post[stamp]) >= since, posts)

    @cached_property
    def account(self) -> JsonObject:
        """Whose token it is: the fields of `profile`. Raises `Failed`."""
        return dict(self.get(self.home, fields=self.profile))


def counted(entries: list[JsonObject], names: Mapping[str, Metric]) -> dict[Metric, int]:
    """What insights count, by our names. Where there is no count yet, the entry or its value is missing."""
    values = {entry["name"]: entry["values"][-1]["value"] for entry in entries if entry.get("values")}
    return {ours: int(values[theirs]) for theirs, ours in names.items() if theirs in values}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
