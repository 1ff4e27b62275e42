"""Pinterest's twin: pins of API v5 with their pictures in base64, boards, and an app with Trial access that may not pin."""

import binascii
import hashlib
from base64 import b64decode
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from presstime.model import Json, JsonObject
from presstime.networks.pinterest import TRAITS, WORDS
from presstime.sandbox.calls import Answer, Call, Rejected
from presstime.sandbox.state import Media, Post
from presstime.sandbox.twin import Operation, Twin, picture_type, too_long

NO_BOARD = "404"  # the one id of a board that is not there: any other is the caller's own
TRIAL = "trial"  # accounts of this name, or one that begins so, log in through an app with Trial access
SIZES = {"150x150": 150, "400x300": 400, "600x": 600, "1200x": 1200}
LIFETIME = {"impression": "views", "clickthrough": "clicks", "reaction": "likes", "save": "saves"}
# Codes that others report; the vendor's file has their form only.
INVALID, NO_LOGIN, NO_SCOPE, LIMIT, TRIAL_CODE, BOARD_GONE, PIN_GONE = 1, 2, 3, 8, 29, 40, 50
TRIAL_WORDS = (
    "Apps with Trial access may not create Pins in production https://api.pinterest.com - use API Sandbox"
    " https://api-sandbox.pinterest.com instead."
)


class Pinterest(Twin):
    network = "pinterest"
    prefix = "/v5/"
    title = "Pinterest"
    limit, window = 100, 60

    def operations(self) -> list[Operation]:
        pin, board = "/v5/pins/{id}", "/v5/boards/{board}"
        return [
            Operation("POST", "/v5/pins", "pins/create", self.create, visible=True),
            Operation("GET", "/v5/pins", "pins/list", self.own_pins),
            Operation("GET", pin, "pins/get", self.get),
            Operation("PATCH", pin, "pins/update", self.update, visible=True),
            Operation("DELETE", pin, "pins/delete", self.delete, visible=True),
            Operation("GET", f"{board}/pins", "boards/list_pins", self.board_pins),
            Operation("GET", f"{board}/sections/{{section}}/pins", "board_sections/list_pins", self.board_pins),
            Operation("GET", "/v5/user_account", "user_account/get", self.account_about),
        ]

    def create(self, call: Call) -> Answer:
        if call.account.startswith(TRIAL):
            raise self.refuse(403, TRIAL_WORDS, str(TRIAL_CODE))
        self._check(call.body)
        self._board(call.body["board_id"])
        media = [Media(self.state.number(), self.network, call.account, *p) for p in _pictures(self, call.body)]
        if media:
            media[0].alt = call.body.get("alt_text") or ""
        for item in media:
            self.state.add_media(item)
        pin_id = self.state.number()
        data = {name: call.body.get(name) for name in (*WORDS, "board_id", "board_section_id")}
        post = Post(
            self.network,
            pin_id,
            call.account,
            data["description"] or "",
            self.state.now(),
            f"/pinterest/pin/{pin_id}",
            media=tuple(item.id for item in media),
            card=_card(data),
            data=data,
        )
        self.state.add(post)
        return Answer(201, self._pin(call, post))

    def update(self, call: Call) -> Answer:
        """What the body does not name stays. The pictures stay in any case."""
        post = self._own(call)
        self._check(call.body)
        said = post.data | call.body
        if said != post.data:
            post.data, post.card = said, _card(said)
            if post.media:
                self.state.media[post.media[0]].alt = said["alt_text"] or ""
                self.state.add_media(self.state.media[post.media[0]])
            self.state.edit(post, said["description"] or "", (), post.media)
        return Answer(200, self._pin(call, post))

    def alter(self, post: Post, text: str) -> None:
        post.data["description"] = text
        super().alter(post, text)

    def delete(self, call: Call) -> Answer:
        self.state.remove(self._own(call))
        return Answer(204, None)

    def get(self, call: Call) -> Answer:
        return Answer(200, self._pin(call, self._own(call)))

    def own_pins(self, call: Call) -> Answer:
        return self._page(call, self._pins(call))

    def board_pins(self, call: Call) -> Answer:
        """Those of a section are on the board, too."""
        self._board(call.where["board"])
        board, section = call.where["board"], call.where.get("section")
        own = [p for p in self._pins(call) if p.data["board_id"] == board]
        return self._page(call, [p for p in own if section in (None, p.data["board_section_id"])])

    def _pins(self, call: Call) -> list[Post]:
        """The caller's own, newest first, without what they commented."""
        return [post for post in self.state.of(self.network, call.account) if post.parent is None]

    def account_about(self, call: Call) -> Answer:
        about = {"account_type": "BUSINESS", "id": account_id(call.account), "username": call.account}
        return Answer(200, {**about, "profile_image": "", "website_url": "", "business_name": None})

    def _page(self, call: Call, pins: Sequence[Post]) -> Answer:
        """A bookmark is an opaque word: here, how many pins came before."""
        size, done = int(call.params.get("page_size", "25")), int(call.params.get("bookmark", "0"))
        items = [self._pin(call, pin) for pin in pins[done : done + size]]
        return Answer(200, {"items": items, "bookmark": str(done + size) if len(pins) > done + size else None})

    def _own(self, call: Call) -> Post:
        post = self.state.find(self.network, call.where["id"])
        if post is None or post.account != call.account or post.parent is not None:
            raise self.refuse(404, "Pin not found.", str(PIN_GONE))
        return post

    def _board(self, board: str) -> None:
        if board == NO_BOARD:
            raise self.refuse(404, "Board not found.", str(BOARD_GONE))

    def _check(self, body: JsonObject) -> None:
        for name, rule in {"description": TRAITS.text, **TRAITS.fields}.items():
            if too_long(body.get(name) or "", rule):
                raise self.refuse(400, f"Invalid request: {name} is longer than {rule.limit} characters.", str(INVALID))

    def _pin(self, call: Call, post: Post) -> JsonObject:
        pictures = [self._images(call, media) for media in self.state.media_of(post)]
        items = [
            {"item_type": "image", "title": None, "description": None, "link": None, "images": p} for p in pictures
        ]
        many = len(pictures) > 1
        media = (
            {"media_type": "multiple_images", "items": items}
            if many
            else {"media_type": "image", "images": pictures[0]}
        )
        return {
            "id": post.id,
            "created_at": post.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            **{name: post.data.get(name) for name in (*WORDS, "board_id", "board_section_id")},
            "board_owner": {"username": post.account},
            "creative_type": "CAROUSEL" if many else "REGULAR",
            "dominant_color": None,
            "has_been_promoted": False,
            "is_owner": True,
            "is_standard": True,
            "media": media,
            "parent_pin_id": None,
            "pin_metrics": self._metrics(post) if call.params.get("pin_metrics", "").lower() == "true" else None,
        }

    def _images(self, call: Call, media: Media) -> JsonObject:
        url = f"{call.base.removesuffix('/pinterest')}/_sandbox/media/{media.id}"
        return {name: {"width": width, "height": width, "url": url} for name, width in SIZES.items()}

    def _metrics(self, post: Post) -> JsonObject:
        """Reactions and comments are counted over the whole life alone."""
        life = {name: post.counts.get(ours, 0) for name, ours in LIFETIME.items()}
        lately = {name: count for name, count in life.items() if name != "reaction"}
        return {"90d": lately, "lifetime_metrics": {**life, "comment": len(self.state.answers(post))}}

    # --- words ---

    def failure(self, status: int, message: str, code: str = "") -> Answer:
        known = {401: NO_LOGIN, 429: LIMIT}
        return Answer(status, {"code": int(code or known.get(status, status)), "message": message})

    def unauthorized(self) -> Answer:
        return self.failure(401, "Authentication failed.")

    def forbidden(self) -> Answer:
        reason = "Your token does not have sufficient permissions to perform this operation."
        return self.failure(401, reason, str(NO_SCOPE))

    def refusal(self) -> Answer:
        return self.failure(400, "The image could not be read.", str(INVALID))

    def misshapen(self, problems: list[str]) -> Answer:
        return self.failure(400, "Invalid request: " + "; ".join(problems), str(INVALID))

    def rate(self, limit: int, remaining: int, reset: datetime) -> dict[str, str]:
        left = max(int((reset - self.state.now()).total_seconds()), 0)
        return {
            "X-RateLimit-Limit": f"{limit}, {limit};w={self.window}",
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(left),
        }

    def profile(self, account: str) -> str:
        return f"/pinterest/{account}"


def account_id(name: str) -> str:
    return str(int(hashlib.sha256(name.encode()).hexdigest()[:15], 16))


def _pictures(twin: Pinterest, body: JsonObject) -> Iterator[tuple[str, bytes]]:
    """What kind each picture of a pin is, and its bytes."""
    source = body["media_source"]
    for item in source.get("items", [source]):
        try:
            content = b64decode(item["data"], validate=True)
        except binascii.Error:
            content = b""
        mime = picture_type(content)
        if mime not in ("image/jpeg", "image/png"):
            raise Rejected(twin.refusal())
        yield mime, content


def _card(data: JsonObject) -> Json:
    """What the page shows of a pin's title and link."""
    return {"url": data["link"], "title": data["title"] or "", "description": ""} if data.get("link") else None
