"""Networks of Meta's that publish in two steps (Instagram, Threads): a container is made, and then published.

Facts: developers.facebook.com (Instagram: IG container, content publishing, error codes; Threads: posts, troubleshooting).
"""

import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar
from urllib.parse import quote

from presstime.model import (
    Accepted,
    Deferred,
    Json,
    JsonObject,
    Outcome,
    Receipt,
    Refused,
    Unknown,
    Variant,
)
from presstime.networks.base import Order, ReadBytes
from presstime.networks.comparing import comparable
from presstime.networks.graph import GraphAdapter, number
from presstime.networks.holes import Unfilled, fill
from presstime.networks.http import UNREADABLE, Failed

NOT_NOW = {24, 9007}  # a container that is not ready, or not to be seen at the moment
WAITS = (0.2, 0.5, 1, 2, 3, 5, 8, 10)  # seconds between looks at a container of pictures
WAITS_MOVING = (*WAITS, *(15,) * 18)  # of a film: some five minutes, after which Meta says to give up


def within(used: int, config: JsonObject, what: str) -> None:
    """Raises `Failed` if a quota is used up. It rolls: which instant frees a place is not told."""
    total, hours = config["quota_total"], config["quota_duration"] // 3600
    if used >= total:
        raise Failed(
            Deferred(f"{used} of {total} {what} in {hours} hours are used up; a place is free again within these")
        )


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

    @abstractmethod
    def _place(self, order: Order) -> JsonObject:
        """The parameters that put a segment at its place. Raises `Failed` if the account may not post so much now."""

    @abstractmethod
    def _posts(self, order: Order) -> Iterator[JsonObject]:
        """The account's own posts at the order's place, newest first, since the nominal instant. Raises `Failed`."""

    def _prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        return {item.digest: self.public_address(item, read(item)) for item in variant.attachments()}

    def _deposit(self, order: Order) -> Mapping[str, Json]:
        place = self._place(order)
        if "container" in order.deposit and self._can_still_be_published(order.deposit["container"]):
            return order.deposit
        params = fill(self.planned(order), order.media) | place
        if "children" in params:
            params["children"] = ",".join(self._container(child) for child in params["children"])
        return {"container": self._container(params)}

    def _can_still_be_published(self, container: str) -> bool:
        """Whether a container of an earlier try is as good as a new one. Raises `Failed` where it is out, though publishing it was
        refused: another one would be a second post."""
        try:
            status, _ = self._status(container)
        except Failed as failed:
            if isinstance(failed.verdict, Refused):
                return False  # it is not there any more
            raise
        if status == "PUBLISHED":
            raise Failed(
                Deferred(f"{self.traits.title} refused to publish it, and says now that it is out", needs_person=True)
            )
        return status == "FINISHED"

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
        outcome = self.http.post("POST", path, self._sent, data=body)
        return self._unless_out(order, outcome) if isinstance(outcome, Refused) else outcome

    def _unless_out(self, order: Order, refused: Refused) -> Outcome:
        try:
            found = self._find(order)
        except (Failed, *UNREADABLE):
            return Unknown(refused.reason)
        if isinstance(found, Receipt):
            return Accepted(found)
        too_old = found is not None and found.code == "EXPIRED"  # the next try makes a new one
        not_now = found is None and number(refused.code) in NOT_NOW
        return Deferred(refused.reason) if too_old or not_now else refused

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
                return self._receipt(str(post["id"]), post.get("permalink"))
        raise Failed(Deferred(f"{self.traits.title} says {status} and does not list the post yet"))

    def _sent(self, answer: Json) -> Receipt:
        post_id = str(answer["id"])
        return self._receipt(post_id, self.permalink(quote(post_id, safe=""), "permalink"))

    def _receipt(self, post_id: str, url: str | None) -> Receipt:
        return Receipt(post_id, url)
