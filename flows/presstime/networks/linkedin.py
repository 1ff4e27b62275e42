"""LinkedIn, through the Posts API (`POST /rest/posts`): pages of organisations, and members.

Facts: learn.microsoft.com (posts-api, little-text-format, images-api, videos-api, comments-api, share-statistics,
organization-access-control, rate-limits). The words are little text, in which an unescaped reserved character silently ends the
post. 3,000 characters is the documented limit of the older API; whether escapes count is not said, so they are counted.
LinkedIn makes no link card: we supply it, and films have no alt text. A page's posts can be read back; a member's cannot, with
what anybody is given. A version of the API is served for about a year, and then refuses everything. What a token may do and
how long it lives is told to who has the app's secret only (token introspection), so not here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import quote

from presstime.errors import Unsupported
from presstime.model import (
    ApiVersion,
    Card,
    Channel,
    Deferred,
    Identity,
    Json,
    JsonObject,
    MediaRule,
    Metric,
    MovingRule,
    Outcome,
    Receipt,
    Reply,
    Secret,
    Segment,
    Settling,
    Sighting,
    TextRule,
    Traits,
    Variant,
)
from presstime.networks.base import Order, ReadBytes
from presstime.networks.comparing import comparable, sighting
from presstime.networks.holes import fill, media_hole
from presstime.networks.http import Failed, HttpAdapter
from presstime.networks.linkedin_uploads import Uploads, unless_forbidden
from presstime.networks.verdict import Dialect, utc_midnight

PICTURES = ("image/jpeg", "image/png", "image/gif")
# Sizes in bytes of pictures are not documented, only pixels: the bound keeps uploads short.
PICTURE = MediaRule(
    20,
    PICTURES,
    max_bytes=20_000_000,
    max_pixels=36_152_319,
    alt_limit=4086,
    animation=MovingRule(("image/gif",), max_bytes=20_000_000, max_frames=250),
)
FILM = MovingRule(("video/mp4",), max_bytes=500_000_000, min_seconds=3, max_seconds=1800, alone=True)
COUNTED = {
    Metric.VIEWS: "impressionCount",
    Metric.REACH: "uniqueImpressionsCount",
    Metric.CLICKS: "clickCount",
    Metric.LIKES: "likeCount",
    Metric.REPLIES: "commentCount",
    Metric.SHARES: "shareCount",
}
PAGE = Traits(
    network="linkedin",
    title="LinkedIn",
    # Takes no words; the address that LinkedIn's own share plugin opens.
    compose_links=("https://www.linkedin.com/sharing/share-offsite/?url={link}", "https://www.linkedin.com/feed/"),
    settling=Settling.LOOKUP,
    text=TextRule(3000, "characters"),
    media=replace(PICTURE, video=FILM),
    visible_after=timedelta(seconds=60),  # not documented: the finder is seen to lag
    thumb=replace(PICTURE, max_count=1),
    markup="littletext",
    marks=frozenset({"mention", "tag"}),
    mentions="urn:li:",
    card=True,
    safe_statuses=frozenset({409, 429}),  # 409: a conflict with another request; nothing was done
    needs_account=True,
    default_base_url="https://api.linkedin.com",
    options=frozenset({"version"}),
    version=ApiVersion("202607", months=12),
    can_find=True,
    can_look=True,
    edits=frozenset({"text"}),
    can_retract=True,
    metrics=frozenset(COUNTED),
    can_hear=True,
)
MEMBER = replace(
    PAGE,
    network="linkedin_member",
    title="LinkedIn (member)",
    settling=Settling.NONE,
    can_find=False,
    can_look=False,
    metrics=frozenset(),  # they need a permission (r_member_postAnalytics) that is not given with the right to post
    can_hear=False,
)
POSTERS = ("ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER")  # roles on a page
SLACK = timedelta(minutes=5)  # how far LinkedIn's clock may lag behind ours
SHOWN = ("PUBLISHED", "PUBLISHED_EDITED")  # states of a post that readers see
COUNT, PAGES = 50, 10  # posts a page, and pages looked through before we say that we cannot tell
# An escaped character, `@[Name](urn)`, or `{hashtag|\#|word}`.
LITTLE = re.compile(r"\\(.)|@\[((?:\\.|[^\\\]])*)\]\([^)]*\)|\{hashtag\|\\?[#\uff03]\|((?:\\.|[^\\}])*)\}", re.DOTALL)


def _words(body: Json) -> tuple[str, str]:
    """What is wrong with one field is named deeper down, as in `{"errorDetails": {"inputErrors": [{"code"}]}}`."""
    inner = body.get("errorDetails", {}).get("inputErrors") or [{}]
    return body["message"], body.get("code") or inner[0].get("code") or body.get("serviceErrorCode", "")


def _duplicate(status: int, code: str, message: str) -> bool:
    """The 422 for what was just posted. It names a post, which may be an earlier try of ours, an older post, or one that is
    deleted: a hint, never proof."""
    return status == 422 and (code == "DUPLICATE_POST" or "duplicate of" in message.lower())


def _gone(status: int, code: str, message: str) -> bool:
    """A 404 for a path that LinkedIn does not know says so otherwise: `Resource posts does not exist`."""
    return status == 404 and "does not exist" not in message


class LinkedInPage(HttpAdapter):
    """The page of an organisation; `account` is `urn:li:organization:1`. Option `version` is the API's, such as 202605. The
    credential is the access token of a member with a role there."""

    traits = PAGE
    bearer = True
    right: ClassVar[str] = "w_organization_social"
    dialect = Dialect(
        words=_words,
        until=utc_midnight,
        renew="Renew the access token (it lives for 60 days); check its scopes and, for a page, the member's role there.",
        about_credentials=lambda status, code, message: status == 403,
        remedies={"NONEXISTENT_VERSION": "Set the channel's option `version` to a newer one, as YYYYMM."},
        unknown=_duplicate,
        gone=_gone,
    )

    def __init__(self, channel: Channel, secret: Secret | None) -> None:
        super().__init__(channel, secret)
        version = channel.options.get("version") or (self.traits.version and self.traits.version.default)
        self.http.headers = {"LinkedIn-Version": str(version), "X-Restli-Protocol-Version": "2.0.0"}
        self.account = channel.account or ""
        self.uploads = Uploads(self.http, self.account, ".linkedin.com" if self.at_home else None)

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST /rest/posts`, but for its author."""
        body: JsonObject = {
            "commentary": segment.text,
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        if content := _content(segment):
            body["content"] = content
        return body

    def _prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        return {item.digest: self.uploads.put(item, read(item)) for item in variant.attachments()}

    # --- posts ---

    def _send(self, order: Order) -> Outcome:
        body = {"author": self.account, **fill(self.planned(order), order.media)}
        return self.http.post("POST", "/rest/posts", lambda headers: self._receipt(headers["x-restli-id"]), json=body)

    def _edit(self, order: Order, receipt: Receipt) -> Outcome:
        patch = {"patch": {"$set": {"commentary": self.planned(order)["commentary"]}}}
        method = {"X-RestLi-Method": "PARTIAL_UPDATE"}
        return self.http.change("POST", _path(receipt), lambda headers: receipt, headers=method, json=patch)

    def _retract(self, order: Order, receipt: Receipt) -> Outcome:
        method = {"X-RestLi-Method": "DELETE"}
        return self.http.change("DELETE", _path(receipt), lambda headers: receipt, headers=method)

    def _find(self, order: Order) -> Receipt | None:
        wanted = _seen(self.planned(order))
        found = (post for post in self._own_posts(order.at - SLACK) if _seen(post) == wanted)
        return next((self._receipt(post["id"]) for post in found), None)

    def _look(self, order: Order, receipt: Receipt) -> Sighting | None:
        post = self.unless_gone(lambda: self.http.ask("GET", _path(receipt)), lambda: self._page_of_posts(0, 1))
        if post is None:
            return None
        state = post.get("lifecycleState", SHOWN[0])
        note = "" if state in SHOWN else f"LinkedIn does not show the post: its state is {state}"
        return sighting(shown(order.segment.text), shown(post.get("commentary") or ""), note)

    def _own_posts(self, since: datetime) -> Iterator[JsonObject]:
        """What was posted since, last changed first. Raises `Failed` if there is more than can be looked through."""
        oldest = since.timestamp() * 1000
        for page in range(PAGES):
            posts = self._page_of_posts(page * COUNT, COUNT)
            yield from (post for post in posts if post["createdAt"] >= oldest)
            if not posts or posts[-1]["lastModifiedAt"] < oldest:
                return
        raise Failed(Deferred(f"more than {PAGES * COUNT} posts since then: LinkedIn cannot be read back far enough"))

    def _page_of_posts(self, start: int, count: int) -> list[JsonObject]:
        params: JsonObject = {"q": "author", "author": self.account, "count": count, "sortBy": "LAST_MODIFIED"}
        method = {"X-RestLi-Method": "FINDER"}
        answer = self.http.ask("GET", "/rest/posts", params={**params, "start": start}, headers=method)
        return list(answer["elements"])

    # --- what readers do ---

    def _metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        """Of the last 12 months; LinkedIn leaves out a post that nobody has seen."""
        kind = "ugcPosts" if ":ugcPost:" in receipt.id else "shares"
        entity, post = (quote(urn, safe="") for urn in (self.account, receipt.id))
        query = f"q=organizationalEntity&organizationalEntity={entity}&{kind}=List({post})"
        found = self.http.ask("GET", f"/rest/organizationalEntityShareStatistics?{query}")["elements"]
        counts = found[0]["totalShareStatistics"] if found else {}
        return {metric: int(counts[name]) for metric, name in COUNTED.items() if name in counts}

    def _replies(self, receipt: Receipt) -> Iterator[Reply]:
        """Comments, and the answers to them. LinkedIn gives no names here: an author is a URN."""
        for comment in self._comments(receipt.id):
            yield from self._heard(comment, receipt.id)
            if comment.get("commentsSummary", {}).get("totalFirstLevelComments"):
                for answer in self._comments(comment["commentUrn"]):
                    yield from self._heard(answer, comment["commentUrn"])

    def _comments(self, urn: str) -> Iterator[JsonObject]:
        path, start = f"/rest/socialActions/{quote(urn, safe='')}/comments", 0
        while found := self.http.ask("GET", path, params={"start": start, "count": COUNT})["elements"]:
            yield from found
            start += len(found)

    def _heard(self, comment: JsonObject, parent: str) -> Iterator[Reply]:
        if comment["actor"] != self.account:
            at = datetime.fromtimestamp(comment["created"]["time"] / 1000, UTC)
            yield Reply(comment["commentUrn"], comment["actor"], comment["message"]["text"], at, parent=parent)

    # --- whose it is ---

    def _identity(self) -> Identity:
        """A place for a picture is asked for: who may have one may post, with this version of the API."""
        may = unless_forbidden(lambda: self.uploads.place("images"))
        who = unless_forbidden(self._who) or Identity(self.account, self._home())
        if may:
            return replace(who, rights=(self.right, *who.rights))
        return replace(who, lacking=(self.right, *who.lacking))

    def _who(self) -> Identity:
        """The member's role on the page."""
        params = {"q": "roleAssignee", "state": "APPROVED", "count": 100}
        found = self.http.ask("GET", "/rest/organizationAcls", params=params)["elements"]
        roles = tuple(sorted(item["role"] for item in found if item["organization"] == self.account))
        lacking = () if set(roles) & set(POSTERS) else (f"a role on the page: {' or '.join(POSTERS)}",)
        return Identity(self.account, self._home(), rights=roles, lacking=lacking)

    def _home(self) -> str | None:
        number = self.account.partition("urn:li:organization:")[2]
        return f"https://www.linkedin.com/company/{number}" if number and self.at_home else None

    def _receipt(self, urn: str) -> Receipt:
        home = "https://www.linkedin.com" if self.at_home else self.http.base_url
        return Receipt(urn, f"{home}/feed/update/{urn}")


class LinkedInMember(LinkedInPage):
    """A person; `account` is `urn:li:person:ID`. The credential is the person's access token (scopes openid, profile and
    w_member_social, which any app may ask for)."""

    traits = MEMBER
    right = "w_member_social"

    def _who(self) -> Identity:
        return Identity(f"urn:li:person:{self.http.ask('GET', '/v2/userinfo')['sub']}")


def _path(receipt: Receipt) -> str:
    return f"/rest/posts/{quote(receipt.id, safe='')}"


def _content(segment: Segment) -> Json:
    if segment.media and segment.card:
        raise Unsupported("LinkedIn shows pictures or a link card, not both", "Leave one of them out.")
    if segment.media and segment.media[0].mime.startswith("video/"):
        return {"media": {"id": media_hole(segment.media[0])}}
    images = [{"id": media_hole(item), "altText": item.alt} for item in segment.media]
    if images:
        return {"media": images[0]} if len(images) == 1 else {"multiImage": {"images": images}}
    return {"article": _article(segment.card)} if segment.card else None


def _article(card: Card) -> JsonObject:
    article: JsonObject = {"source": card.url, "title": card.title, "description": card.description}
    if card.thumb:
        article["thumbnail"] = media_hole(card.thumb)
    return article


def _seen(post: JsonObject) -> tuple[str, list[str]]:
    """What a post says, and of which kind what it shows is, without what LinkedIn may change: how little text is spelled, and
    what every network may."""
    words = shown(post.get("commentary") or "")
    return comparable(words), sorted(post.get("content") or {})


def shown(little: str) -> str:
    """What readers see of little text: escaped characters as they are, mentions as names, hashtags as words."""
    return LITTLE.sub(lambda match: match[1] or shown(match[2] or "") or f"#{shown(match[3] or '')}", little)
