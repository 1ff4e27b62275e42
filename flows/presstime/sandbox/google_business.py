"""Google Business Profile's twin: local posts of API v4, which Google looks at before or after it shows them.

What is not in the reference but told by those who publish there: a post that repeats another is rejected in the answer itself, one
with a telephone number after a while. Whoever has a token manages every location but `NOBODYS`.
"""

import hashlib
import re
from datetime import UTC, datetime

from presstime.model import JsonObject
from presstime.networks.google_business import LIVE, PROCESSING, REJECTED, TRAITS
from presstime.sandbox.calls import Answer, Call
from presstime.sandbox.state import Media, Post
from presstime.sandbox.twin import Operation, Twin, picture_type, too_long

NOBODYS = "accounts/403/locations/403"
LOOKS = 2  # at a post before Google has made up its mind
LARGEST = 5_000_000  # bytes of a picture
TELEPHONE = re.compile(r"(?<!\w)\+?\d[\d ().-]{7,}\d(?!\w)")
STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
FIELDS = ("languageCode", "callToAction", "topicType")


class GoogleBusiness(Twin):
    network = "google_business"
    prefix = "/v4/"
    title = "Google Business Profile"

    def operations(self) -> list[Operation]:
        posts = "/v4/accounts/{account}/locations/{location}/localPosts"
        one = posts + "/{post}"
        picture = ("sourceUrl",)
        return [
            Operation("POST", posts, "createLocalPost", self.create, visible=True, fetches=picture),
            Operation("GET", posts, "listLocalPosts", self.list_posts),
            Operation("GET", one, "getLocalPost", self.get),
            Operation("PATCH", one, "patchLocalPost", self.patch, visible=True, fetches=picture),
            Operation("DELETE", one, "deleteLocalPost", self.delete, visible=True),
        ]

    def create(self, call: Call) -> Answer:
        parent = self._location(call)
        summary, media = call.body.get("summary", ""), self._media(call)
        self._check(summary, media)
        number = self.state.number()
        post = Post(
            self.network,
            f"{parent}/localPosts/{number}",
            call.account,
            summary,
            self.state.now(),
            f"/{self.network}/posts/{number}",
            media=media,
            data={"parent": parent, **{name: call.body[name] for name in FIELDS if name in call.body}},
        )
        again = any(self._says(other) == self._says(post) for other in self._posts(parent))
        self._judge(post, again)
        self.state.add(post)
        return Answer(200, self._shown(call, post))

    def _judge(self, post: Post, again: bool = False) -> None:
        """What Google will make of a post, and after how many looks at it that is known."""
        slow = self.state.faults.take_processing(self.network, post.account)
        telephone = bool(TELEPHONE.search(post.text))
        post.data |= {"fate": REJECTED if again or telephone else LIVE, "looks": LOOKS if slow or telephone else 0}
        post.hidden = _state(post) != LIVE

    def _posts(self, parent: str) -> list[Post]:
        """A location's posts that were not rejected or deleted, newest first."""
        own = (post for post in reversed(self.state.kept) if post.network == self.network and not post.removed)
        return [post for post in own if post.data["parent"] == parent and _state(post) != REJECTED]

    def _says(self, post: Post) -> tuple[object, ...]:
        pictures = [hashlib.sha256(media.content).hexdigest() for media in self.state.media_of(post)]
        return post.text, post.data.get("callToAction"), pictures

    def _check(self, summary: str, media: tuple[str, ...]) -> None:
        if not summary.strip() and not media:
            raise self.refuse(400, "Request contains an invalid argument: the post is empty.")
        if too_long(summary, TRAITS.text):
            raise self.refuse(
                400, f"Request contains an invalid argument: summary is over {TRAITS.text.limit} characters."
            )

    def _media(self, call: Call) -> tuple[str, ...]:
        """The picture, fetched from where it is."""
        if not call.body.get("media"):
            return ()
        content = call.fetched.get("sourceUrl", b"")
        mime = picture_type(content)
        if mime not in ("image/jpeg", "image/png") or len(content) > LARGEST:
            raise self.refuse(400, "Fetching image failed: it cannot be reached, or is no JPEG or PNG of at most 5 MB.")
        media = Media(self.state.number(), self.network, call.account, mime, content)
        self.state.add_media(media)
        return (media.id,)

    def patch(self, call: Call) -> Answer:
        """What the mask names is as the request has it, also if it has it not."""
        post, mask = self._found(call), call.params["updateMask"].split(",")
        summary = call.body.get("summary", "") if "summary" in mask else post.text
        media = self._media(call) if "media" in mask else post.media
        self._check(summary, media)
        self.state.edit(post, summary, (), media)
        for name in set(mask) & set(FIELDS):
            post.data.pop(name, None)
            if name in call.body:
                post.data[name] = call.body[name]
        self._judge(post)
        self.state.save(post)
        return Answer(200, self._shown(call, post))

    def alter(self, post: Post, text: str) -> None:
        """Google looks at it anew."""
        super().alter(post, text)
        self._judge(post)
        self.state.save(post)

    def delete(self, call: Call) -> Answer:
        self.state.remove(self._found(call))
        return Answer(200, {})

    def get(self, call: Call) -> Answer:
        return Answer(200, self._looked_at(call, self._found(call)))

    def list_posts(self, call: Call) -> Answer:
        """Newest first, rejected ones among them."""
        parent, size = self._location(call), int(call.params.get("pageSize", "20"))
        start = int(call.params.get("pageToken", "0"))
        own = [p for p in reversed(self.state.kept) if p.network == self.network and not p.removed]
        own = [post for post in own if post.data["parent"] == parent]
        page: JsonObject = {"localPosts": [self._looked_at(call, post) for post in own[start : start + size]]}
        if start + size < len(own):
            page["nextPageToken"] = str(start + size)
        return Answer(200, page if own else {})

    def _looked_at(self, call: Call, post: Post) -> JsonObject:
        shown = self._shown(call, post)
        post.data["looks"] = max(post.data["looks"] - 1, 0)
        post.hidden = _state(post) != LIVE
        self.state.save(post)
        return shown

    def _shown(self, call: Call, post: Post) -> JsonObject:
        at = post.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "123Z")  # to the nanosecond
        shown: JsonObject = {
            "name": post.id,
            "summary": post.text,
            "state": _state(post),
            "createTime": at,
            "updateTime": at,
        }
        shown |= {name: post.data[name] for name in FIELDS if name in post.data}
        if post.media:
            address = f"{call.base.removesuffix(f'/{self.network}')}/_sandbox/media/{post.media[0]}"
            shown["media"] = [{"name": f"{post.id}/media/1", "mediaFormat": "PHOTO", "googleUrl": address}]
        return shown | {"searchUrl": f"{call.base}{post.path.removeprefix(f'/{self.network}')}"}

    def _found(self, call: Call) -> Post:
        name = f"{self._location(call)}/localPosts/{call.where['post']}"
        found = (p for p in self.state.kept if p.network == self.network and p.id == name and not p.removed)
        if post := next(found, None):
            return post
        raise self.refuse(404, "Requested entity was not found.")

    def _location(self, call: Call) -> str:
        location = f"accounts/{call.where['account']}/locations/{call.where['location']}"
        if location == NOBODYS:
            raise self.refuse(403, "The caller does not have permission")
        return location

    # --- words ---

    def failure(self, status: int, message: str, code: str = "") -> Answer:
        return Answer(
            status, {"error": {"code": status, "message": message, "status": code or STATUS.get(status, "INTERNAL")}}
        )

    def unauthorized(self) -> Answer:
        return self.failure(401, "Request had invalid authentication credentials. Expected OAuth 2 access token.")

    def forbidden(self) -> Answer:
        return self.failure(403, "The caller does not have permission")

    def refusal(self) -> Answer:
        return self.failure(400, "Fetching image failed")

    def limited(self, seconds: float) -> Answer:
        """A quota, whose end is not told."""
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}
        answer = self.failure(429, "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'")
        return Answer(429, {"error": {**answer.body["error"], "details": [info]}})

    def rate(self, limit: int, remaining: int, reset: datetime) -> dict[str, str]:
        return {}

    def profile(self, account: str) -> str:
        return f"/{self.network}/locations/{account}"


def _state(post: Post) -> str:
    return PROCESSING if post.data["looks"] else str(post.data["fate"])


def location(name: str) -> str:
    """The resource name of the one location that stands for an account here."""
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) + 1000
    return f"accounts/{number}/locations/{number}"
