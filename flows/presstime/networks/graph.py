"""What Meta's networks share (Facebook, Instagram, Threads): errors by their number, limits, pages of results, containers.

Facts: developers.facebook.com (Graph API: handling errors, rate limits, debug_token; Instagram platform: error codes, content
publishing; Threads: troubleshooting). An error says by its `code` what it is; one status, mostly 400, stands for all of them.
When a limit ends is told in whole minutes by `X-Business-Use-Case-Usage`. That an expired token comes as 400 or as 401, that
an object which is gone is code 100, subcode 33, and what publishing a container again is answered with, no page says: the
first two are as many report them, and the third is not relied on, since the container's own status is asked.
"""

import json
import re
import time
import unicodedata
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from presstime.errors import NetworkError, SettingsError
from presstime.model import (
    Accepted,
    Attachment,
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
    Unknown,
    Variant,
)
from presstime.networks.base import GONE, Order, ReadBytes
from presstime.networks.holes import Unfilled, fill
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
NOT_NOW = {24, 9007}  # a container that is not ready, or not to be seen at the moment
SLACK = timedelta(minutes=5)  # how far the network's clock may lag behind ours
SIZE, PAGES = 100, 5  # how many results a page has, and pages looked through before we say that we cannot tell
WAITS = (0.2, 0.5, 1, 2, 3, 5, 8, 10)  # seconds between looks at a container of pictures
WAITS_MOVING = (*WAITS, *(15,) * 18)  # of a film: some five minutes, after which Meta says to give up


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

    def unless_foreign(self, outcome: Outcome, owner: str | None, field: str) -> Outcome:
        """What a change came to. What another account posted looks to a token like what is gone, so whose token it is is
        asked then: `field` of its account must be `owner`, if the message tells that."""
        if not (isinstance(outcome, Refused) and outcome.code == GONE) or owner in (None, self.account[field]):
            return outcome
        reason = f"the message is {owner}'s, and the credential is of {self.account[field]}"
        return Deferred(f"{reason}. {self.dialect.renew}", needs_person=True)

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


def within(used: int, config: JsonObject, what: str) -> None:
    """Raises `Failed` if a quota is used up. It rolls: which instant frees a place is not told."""
    total, hours = config["quota_total"], config["quota_duration"] // 3600
    if used >= total:
        raise Failed(
            Deferred(f"{used} of {total} {what} in {hours} hours are used up; a place is free again within these")
        )


def comparable(text: str) -> str:
    """A text without what a network may change: normal form and white space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


class ContainerAdapter(GraphAdapter):
    """A network that publishes in two steps: it makes a container, fetching what it shows from public addresses, and then
    publishes that.

    The container's status is what settles a send whose reply was lost: PUBLISHED is out, FINISHED is not, EXPIRED (a day old)
    and ERROR never were. No page says what publishing the same container again is answered with, so a refusal of the
    publishing stands only if the status does not say that it is out. Which post came of a container is not said either: it is
    the one with its words, at its place, since the nominal instant.
    """

    making: ClassVar[str]  # edges of `home`
    publishing: ClassVar[str]
    status: ClassVar[tuple[str, str]]  # the fields of a container: its status, and why
    caption: ClassVar[str]  # the field of a post that has its words

    @abstractmethod
    def _place(self, order: Order) -> JsonObject:
        """The parameters that put a segment at its place. Raises `Failed` if the account may not post so much now."""

    @abstractmethod
    def _posts(self, order: Order) -> Iterator[JsonObject]:
        """The account's own posts at the order's place, newest first, since the nominal instant. Raises `Failed`."""

    def _prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        return {item.digest: self._address(item, read(item)) for item in variant.attachments()}

    def _address(self, item: Attachment, content: bytes) -> str:
        if self.address_of is None:
            title = self.traits.title
            advice = "Give it a bucket that can be reached from outside, or post there yourself."
            raise NetworkError(
                f"{title} fetches {item.path} itself, and has no address for it", advice, needs_person=True
            )
        return self.address_of(item, content)

    def _deposit(self, order: Order) -> Mapping[str, Json]:
        params = fill(self.planned(order), order.media) | self._place(order)
        if "children" in params:
            params["children"] = ",".join(self._container(child) for child in params["children"])
        return {"container": self._container(params)}

    def _container(self, params: JsonObject) -> str:
        """The id of a new container, once it can be published: an unfinished one cannot."""
        made = self.http.ask("POST", f"{self.root}/{self.home}/{self.making}", data=params)
        container = str(made["id"])
        for wait in WAITS_MOVING if "video_url" in params else WAITS:
            status, why = self._status(container)
            if status == "FINISHED":
                return container
            if status != "IN_PROGRESS":
                raise Failed(
                    Refused(f"{self.traits.title} cannot use what it was given: {status} {why}".strip(), status)
                )
            time.sleep(wait)
        raise Failed(Deferred(f"{self.traits.title} is still working on what it was given"))

    def _status(self, container: str) -> tuple[str, str]:
        answer = self.get(quote(container, safe=""), fields=",".join(self.status))
        name, why = self.status
        return answer[name], str(answer.get(why, ""))

    def _send(self, order: Order) -> Outcome:
        if "container" not in order.deposit:
            raise Unfilled("container")
        path = f"{self.root}/{self.home}/{self.publishing}"
        body = {"creation_id": order.deposit["container"]}
        outcome = self.http.post("POST", path, lambda answer: self._receipt(str(answer["id"])), data=body)
        return self._unless_out(order, outcome) if isinstance(outcome, Refused) else outcome

    def _unless_out(self, order: Order, refused: Refused) -> Outcome:
        try:
            found = self._find(order)
        except (Failed, *UNREADABLE):
            return Unknown(refused.reason)
        if isinstance(found, Receipt):
            return Accepted(found)
        return Deferred(refused.reason) if found is None and number(refused.code) in NOT_NOW else refused

    def _find(self, order: Order) -> Receipt | Refused | None:
        if "container" not in order.deposit:
            return None
        status, why = self._status(order.deposit["container"])
        if status in ("EXPIRED", "ERROR"):
            return Refused(f"{self.traits.title} did not publish it: {status} {why}".strip(), status)
        if status == "FINISHED":
            return None
        wanted = comparable(order.segment.text)
        for post in self._posts(order) if status == "PUBLISHED" else ():
            if comparable(post.get(self.caption, "")) == wanted:
                return Receipt(str(post["id"]), post.get("permalink"))
        raise Failed(Deferred(f"{self.traits.title} says {status} and does not list the post yet"))

    def _receipt(self, post_id: str) -> Receipt:
        return Receipt(post_id, self.permalink(quote(post_id, safe=""), "permalink"))
