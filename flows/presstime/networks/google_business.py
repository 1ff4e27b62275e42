"""Google Business Profile posts: what Google+ was to companies.

Facts: the My Business API v4 reference, `accounts.locations.localPosts`; the limits are those that resellers report, the
reference has none. Pictures are fetched from a public address. A post may be accepted and then rejected, for a telephone
number in its words for instance, so what became of it is read back; the answer to the send may say so already. Posts are not
answered (a place's reviews are about the place), and their figures (`reportInsights`) are reported to be dead.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from presstime.model import (
    Accepted,
    Deferred,
    Identity,
    Json,
    JsonObject,
    MediaRule,
    Outcome,
    Receipt,
    Refused,
    Segment,
    Settling,
    Sighting,
    TextRule,
    Traits,
    Unknown,
    Variant,
)
from presstime.networks.base import Order, ReadBytes
from presstime.networks.comparing import comparable, sighting
from presstime.networks.holes import fill, media_hole
from presstime.networks.http import Failed, HttpAdapter
from presstime.networks.verdict import Dialect, after_seconds, retry_after

if TYPE_CHECKING:
    import httpx

TRAITS = Traits(
    network="google_business",
    title="Google Business Profile",
    compose_links=("https://business.google.com/",),  # has no page that takes words
    settling=Settling.LOOKUP,
    text=TextRule(1500, "characters"),
    media=MediaRule(1, ("image/jpeg", "image/png"), max_bytes=5_000_000, alt_limit=0, min_side=250),
    link_in_text=False,
    hashtags=False,
    needs_account=True,
    default_base_url="https://mybusiness.googleapis.com",
    can_find=True,
    can_look=True,
    edits=frozenset({"text", "media", "page"}),
    can_retract=True,
    public_media=True,
)
LIVE, PROCESSING, REJECTED = "LIVE", "PROCESSING", "REJECTED"
REJECTION = (
    "Google took the post and then rejected it, without a reason. It wants no telephone number in the words, no post twice,"
    " no poor pictures, and nothing its content policy forbids"
)
TAKEN_BACK = "Google has rejected the post since, without a reason: readers do not see it"
NO_QUOTA = "NO_QUOTA"  # our name for what has none of its own
MASK = "summary,languageCode,callToAction,media"
SLACK = timedelta(minutes=5)  # how far Google's clock may lag behind ours
PAGES = 10  # of 100 posts, looked through before we say that we cannot tell
WAITS = (1, 2, 4)  # seconds between looks at a post that Google is still looking at itself


def _words(body: Json) -> tuple[str, str]:
    """A project that Google has not let in has a quota of nothing, which is no limit that passes."""
    error = body["error"]
    limits = [item.get("metadata", {}).get("quota_limit_value") for item in error.get("details", [])]
    return error["message"], NO_QUOTA if "0" in limits else error.get("status", "")


def _until(response: "httpx.Response") -> datetime | None:
    """google.rpc.RetryInfo among the error's details, where there is one: `{"retryDelay": "30s"}`."""
    try:
        details = response.json()["error"]["details"]
        delay = next(item["retryDelay"] for item in details if "retryDelay" in item)
    except (ValueError, TypeError, KeyError, AttributeError, StopIteration):
        return retry_after(response)
    return after_seconds(str(delay).rstrip("s"))


class GoogleBusiness(HttpAdapter):
    """One location; `account` is its resource name, `accounts/1/locations/2`. The credential is an access token with scope
    business.manage, of a project that Google has let in."""

    traits = TRAITS
    bearer = True
    dialect = Dialect(
        words=_words,
        until=_until,
        renew="Log in again with an account that manages this location, in a project that Google has granted access to the"
        " Business Profile APIs.",
        about_credentials=lambda status, code, message: status == 403,
        remedies={
            NO_QUOTA: "Ask Google to let the project in: it has no quota before (Business Profile APIs, prerequisites)."
        },
    )

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST .../localPosts`: the link is a button."""
        body: JsonObject = {"topicType": "STANDARD", "summary": segment.text}
        if variant.language:
            body["languageCode"] = variant.language
        if variant.link:
            body["callToAction"] = {"actionType": "LEARN_MORE", "url": variant.link}
        if segment.media:
            body["media"] = [{"mediaFormat": "PHOTO", "sourceUrl": media_hole(item)} for item in segment.media]
        return body

    def _prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        return {item.digest: self.public_address(item, read(item)) for item in variant.attachments()}

    def _send(self, order: Order) -> Outcome:
        body = fill(self.planned(order), order.media)
        outcome = self.http.post("POST", self._posts, _named, json=body)
        return self._fate(outcome.receipt, order) if isinstance(outcome, Accepted) else outcome

    def _fate(self, sent: Receipt, order: Order) -> Outcome:
        """What became of a post that Google took, as far as it is known within seconds. A look that fails is no deferral: the
        post is there."""
        try:
            post = self._looked_at(sent)
            if post.data["state"] == LIVE:
                return Accepted(Receipt(post.id, post.url))
            if post.data["state"] == REJECTED:
                return self._rejected(order)
            return Unknown(f"Google is still looking at the post {post.id} (its state is {post.data['state']})")
        except Failed as failed:
            return Unknown(f"Google took the post {sent.id}; what became of it is not known: {failed.verdict.reason}")

    def _rejected(self, order: Order) -> Outcome:
        """For good; unless it is the repetition that Google minds, and an earlier try of the same order is out."""
        if isinstance(self._find(order), Receipt):
            return Unknown("Google rejected the post, and one that says the same is there already")
        return Refused(REJECTION, REJECTED)

    def _looked_at(self, post: Receipt) -> Receipt:
        for wait in WAITS:
            if post.data["state"] != PROCESSING:
                break
            time.sleep(wait)
            post = _named(self.http.ask("GET", f"/v4/{post.id}"))
        return post

    def _edit(self, order: Order, receipt: Receipt) -> Outcome:
        """What Google is still looking at after some seconds counts as changed: to change it again would begin its look anew."""
        body = fill(self.planned(order), order.media)
        outcome = self.http.change("PATCH", f"/v4/{receipt.id}", _named, params={"updateMask": MASK}, json=body)
        if not isinstance(outcome, Accepted):
            return outcome
        post = self._looked_at(outcome.receipt)
        return Refused(REJECTION, REJECTED) if post.data["state"] == REJECTED else Accepted(receipt)

    def _retract(self, order: Order, receipt: Receipt) -> Outcome:
        return self.http.change("DELETE", f"/v4/{receipt.id}", lambda answer: receipt)

    def _find(self, order: Order) -> Receipt | Refused | None:
        """A post that is live counts before one that is still looked at, and that before a rejected one."""
        wanted = _seen(self.planned(order))
        alike = {post["state"]: post for post in self._own_posts(order.at - SLACK) if _seen(post) == wanted}
        if LIVE in alike:
            return Receipt(alike[LIVE]["name"], alike[LIVE].get("searchUrl"))
        if alike.keys() - {REJECTED}:
            raise Failed(Deferred("Google is still looking at the post"))
        return Refused(REJECTION, REJECTED) if alike else None

    def _look(self, order: Order, receipt: Receipt) -> Sighting | None:
        """Google may reject a post long after it was live: it is there then, and nobody sees it."""
        beside = f"/v4/{receipt.id.rpartition('/')[0]}"
        post = self.unless_gone(
            lambda: self.http.ask("GET", f"/v4/{receipt.id}"),
            lambda: self.http.ask("GET", beside, params={"pageSize": 1}),
        )
        if post is None:
            return None
        found = sighting(order.segment.text, post.get("summary", ""), TAKEN_BACK if post["state"] == REJECTED else "")
        pictures = len(post.get("media", [])) == len(order.segment.media)
        return replace(found, changed=found.changed or (post["state"] == LIVE and not pictures))

    def _own_posts(self, since: datetime) -> Iterator[JsonObject]:
        """The location's posts since then. Their order is not documented: a page that is older as a whole ends the look.
        Raises `Failed` if there are more than can be looked through."""
        params: JsonObject = {"pageSize": 100}
        for _ in range(PAGES):
            page = self.http.ask("GET", self._posts, params=params)
            recent = [post for post in page.get("localPosts", []) if _at(post) >= since]
            yield from recent
            if not recent or "nextPageToken" not in page:
                return
            params["pageToken"] = page["nextPageToken"]
        raise Failed(Deferred(f"more than {PAGES * 100} posts since then: Google cannot be read back far enough"))

    def _identity(self) -> Identity:
        """Who may list a location's posts may post; whose token it is, Google does not tell here."""
        self.http.ask("GET", self._posts, params={"pageSize": 1})
        return Identity(self.channel.account or "")

    @property
    def _posts(self) -> str:
        return f"/v4/{self.channel.account}/localPosts"


def _named(post: Json) -> Receipt:
    return Receipt(post["name"], post.get("searchUrl"), {"state": post["state"]})


def _at(post: JsonObject) -> datetime:
    return datetime.fromisoformat(post["createTime"])


def _seen(post: JsonObject) -> tuple[str, int]:
    """What a post says, without what Google may change in it, and how many pictures it has: their addresses differ."""
    return comparable(post.get("summary", "")), len(post.get("media", []))
