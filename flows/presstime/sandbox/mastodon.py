"""Mastodon's twin: statuses, media and accounts of API v1 and v2, with the hour of its idempotency keys."""

import html
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from presstime.model import JsonObject
from presstime.networks.mastodon import COUNTS, TRAITS
from presstime.sandbox.calls import Answer, Call
from presstime.sandbox.state import Media, Post
from presstime.sandbox.twin import FILMS, PICTURES, Operation, Twin, film_type, marked, picture_type, too_long

KEY_WINDOW = timedelta(hours=1)
IMAGE_BYTES, VIDEO_BYTES = 16 * 1024 * 1024, 99 * 1024 * 1024
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"  # the redirect of an app that has no page
SCOPES = ["read", "write"]
BORN = "2024-01-01T00:00:00.000Z"


class Mastodon(Twin):
    network = "mastodon"
    prefix = "/api/"
    uploads = "/api/v2/media"
    title = "Mastodon"
    convention = "mastodon"
    limit, window = 300, 300

    def operations(self) -> list[Operation]:
        api = "/api/v1"
        return [
            Operation("POST", f"{api}/statuses", "createStatus", self.create_status, visible=True),
            Operation("GET", f"{api}/statuses/{{id}}", "getStatus", self.get_status, open=True),
            Operation("PUT", f"{api}/statuses/{{id}}", "updateStatus", self.update_status, visible=True),
            Operation("DELETE", f"{api}/statuses/{{id}}", "deleteStatus", self.delete_status, visible=True),
            Operation("GET", f"{api}/statuses/{{id}}/source", "getStatusSource", self.get_source),
            Operation("GET", f"{api}/statuses/{{id}}/context", "getStatusContext", self.get_context, open=True),
            Operation("GET", f"{api}/apps/verify_credentials", "verifyApp", self.verify_app),
            Operation("POST", "/api/v2/media", "createMedia", self.create_media),
            Operation("GET", f"{api}/media/{{id}}", "getMedia", self.get_media),
            Operation("GET", f"{api}/accounts/verify_credentials", "verifyCredentials", self.verify_credentials),
            Operation("GET", f"{api}/accounts/{{id}}/statuses", "getAccountStatuses", self.account_statuses, open=True),
            Operation("GET", "/api/v1/instance", "getInstance", self.instance, open=True),
            Operation("GET", "/api/v1/instance/", "getInstance", self.instance, open=True),  # as Mastodon.py writes it
            Operation("GET", "/api/v2/instance", "getInstance", self.instance, open=True),
            Operation("GET", "/api/v2/instance/", "getInstance", self.instance, open=True),
        ]

    def create_status(self, call: Call) -> Answer:
        key = call.headers.get("idempotency-key")
        if key and (known := self._known(call.account, key)):
            return Answer(200, self._status(call, known))  # whatever this request says: the key does not bind the body
        text = call.body.get("status", "")
        media = [self._attachable(call, item) for item in call.body.get("media_ids", [])]
        self._check(text, media)
        post = Post(
            self.network,
            post_id := self.state.number(),
            call.account,
            text,
            self.state.now(),
            f"/mastodon/@{call.account}/{post_id}",
            spans=marked(text, "mastodon"),
            media=tuple(media),
            parent=self._parent(call.body.get("in_reply_to_id")),
            key=key,
            data={name: call.body.get(name) for name in ("visibility", "language", "sensitive", "spoiler_text")},
        )
        self.state.add(post)
        if key:
            self.state.remember(f"{call.account}:{key}", post_id)
        return Answer(200, self._status(call, post))

    def _known(self, account: str, key: str) -> Post | None:
        """The status of a key. If it was deleted since, the server looks for it in vain (PostStatusService): a 404."""
        post_id, at = self.state.keys.get(f"{account}:{key}", ("", None))
        if at is None or self.state.now() - at >= KEY_WINDOW:
            return None
        return self._found(post_id)

    def update_status(self, call: Call) -> Answer:
        """As UpdateStatusService has it: a body without `media_ids` takes the pictures away, and an edit that changes nothing
        leaves no trace."""
        post = self._own(call)
        media = tuple(self._attachable(call, item) for item in call.body.get("media_ids", []))
        text, language = call.body.get("status", post.text), call.body.get("language", post.data.get("language"))
        self._check(text, media)
        described = self._describe(media, call.body.get("media_attributes", []))
        if described or (text, media, language) != (post.text, post.media, post.data.get("language")):
            post.data |= {"language": language, "edited_at": stamp(self.state.now())}
            self.state.edit(post, text, marked(text, "mastodon"), media)
        return Answer(200, self._status(call, post))

    def alter(self, post: Post, text: str) -> None:
        post.data["edited_at"] = stamp(self.state.now())
        super().alter(post, text)

    def _describe(self, media: tuple[str, ...], attributes: list[JsonObject]) -> bool:
        """Gives pictures of a status other alt texts. Whether any was another before."""
        told = {str(item["id"]): item["description"] for item in attributes if "description" in item}
        changed = [
            self.state.media[m] for m in media if told.get(m, self.state.media[m].alt) != self.state.media[m].alt
        ]
        for item in changed:
            item.alt = told[item.id]
            self.state.add_media(item)
        return bool(changed)

    def delete_status(self, call: Call) -> Answer:
        """The answer is the status as it was, with its source, for writing it anew."""
        post = self._own(call)
        answer = self._status(call, post) | {"text": post.text}
        self.state.remove(post)
        return Answer(200, answer)

    def _check(self, text: str, media: Sequence[str]) -> None:
        if not text.strip() and not media:
            raise self.refuse(422, "Validation failed: Text can't be blank")
        if too_long(text, TRAITS.text):
            raise self.refuse(422, f"Validation failed: Text character limit of {TRAITS.text.limit} exceeded")
        if len(media) > 4:
            raise self.refuse(422, "Validation failed: Cannot attach more than 4 files")
        if len(media) > 1 and any(kind_of(self.state.media[item]) == "video" for item in media):
            raise self.refuse(422, "Validation failed: Cannot attach a video to a post that already contains images")

    def _attachable(self, call: Call, media_id: str) -> str:
        media = self.state.media.get(str(media_id))
        if media is None or media.account != call.account:
            raise self.refuse(422, "Validation failed: Media attachment not found")
        if media.pending:
            raise self.refuse(422, "Cannot attach files that have not finished processing. Try again in a moment!")
        return media.id

    def _parent(self, status_id: str | None) -> str | None:
        if status_id and not self.state.find(self.network, str(status_id)):
            raise self.refuse(404, "The status you are trying to reply to does not appear to exist.")
        return str(status_id) if status_id else None

    def get_status(self, call: Call) -> Answer:
        return Answer(200, self._status(call, self._found(call.where["id"])))

    def get_source(self, call: Call) -> Answer:
        post = self._found(call.where["id"])
        return Answer(200, {"id": post.id, "text": post.text, "spoiler_text": post.data.get("spoiler_text") or ""})

    def get_context(self, call: Call) -> Answer:
        """The statuses above and below one; below are the answers to answers, too, each after what it answers."""
        post = self._found(call.where["id"])
        above: list[JsonObject] = []
        parent = post.parent
        while parent and (found := self.state.find(self.network, parent)):
            above.insert(0, self._status(call, found))
            parent = found.parent
        return Answer(200, {"ancestors": above, "descendants": [self._status(call, p) for p in self._below(post)]})

    def _below(self, post: Post) -> Iterator[Post]:
        for other in self.state.posts:
            if other.network == self.network and other.parent == post.id:
                yield other
                yield from self._below(other)

    def verify_app(self, call: Call) -> Answer:
        """A token's app has every right, but of those called `readonly-...`."""
        scopes = ["read"] if call.token.startswith("sandbox-readonly") else SCOPES
        common = {"id": "1", "name": "Sandbox", "website": None, "redirect_uri": OUT_OF_BAND, "vapid_key": ""}
        return Answer(200, {**common, "redirect_uris": [OUT_OF_BAND], "scopes": scopes})

    def _found(self, status_id: str) -> Post:
        post = self.state.find(self.network, status_id)
        if post is None:
            raise self.refuse(404, "Record not found")
        return post

    def _own(self, call: Call) -> Post:
        """A status of the caller's: those of others are not found either."""
        post = self._found(call.where["id"])
        if post.account != call.account:
            raise self.refuse(404, "Record not found")
        return post

    # --- media ---

    def create_media(self, call: Call) -> Answer:
        file = call.files.get("file")
        mime = (picture_type(file.content) or film_type(file.content)) if file else None
        if file is None or mime is None:
            raise self.refuse(422, "Validation failed: File content type is invalid, File is invalid")
        media = Media(self.state.number(), self.network, call.account, mime, file.content)
        media.alt = call.body.get("description", "")
        if len(file.content) > (VIDEO_BYTES if kind_of(media) == "video" else IMAGE_BYTES):
            raise self.refuse(422, "Validation failed: File file size is too large")
        media.pending = int(kind_of(media) != "image")  # what moves is always encoded anew, after the answer
        if self.state.faults.take_processing(self.network, call.account):
            media.pending = 2
        self.state.add_media(media)
        return Answer(202 if media.pending else 200, self._attachment(call, media))

    def get_media(self, call: Call) -> Answer:
        media = self.state.media.get(call.where["id"])
        if media is None or media.account != call.account:
            raise self.refuse(404, "Record not found")
        media.pending = max(media.pending - 1, 0)
        return Answer(206 if media.pending else 200, self._attachment(call, media))

    def _attachment(self, call: Call, media: Media) -> JsonObject:
        url = f"{call.base.removesuffix('/mastodon')}/_sandbox/media/{media.id}"
        return {
            "id": media.id,
            "type": kind_of(media),
            "url": None if media.pending else url,
            "preview_url": url,
            "remote_url": None,
            "meta": {},
            "description": media.alt or None,
            "blurhash": None,
        }

    # --- accounts ---

    def verify_credentials(self, call: Call) -> Answer:
        source = {"privacy": "public", "sensitive": False, "language": None, "note": "", "fields": []}
        role = {"id": "-99", "name": "", "permissions": "65536", "color": "", "highlighted": False}
        return Answer(200, self._account(call, call.account) | {"source": source, "role": role})

    def account_statuses(self, call: Call) -> Answer:
        """Newest first; replies to oneself are there too, as on the real one."""
        account = next((p.account for p in self.state.posts if account_id(p.account) == call.where["id"]), "")
        below, above = (
            int(call.params.get("max_id", 1 << 80)),
            int(call.params.get("since_id", call.params.get("min_id", 0))),
        )
        posts = [p for p in self.state.of(self.network, account) if above < int(p.id) < below]
        limit = min(int(call.params.get("limit", "20")), 40)
        chosen = posts[-limit:] if "min_id" in call.params else posts[:limit]
        return Answer(200, [self._status(call, post) for post in chosen])

    def instance(self, call: Call) -> Answer:
        limits = {
            "max_characters": TRAITS.text.limit,
            "max_media_attachments": 4,
            "characters_reserved_per_url": TRAITS.text.url_weight,
        }
        media = {
            "supported_mime_types": [*PICTURES.values(), *FILMS],
            "image_size_limit": IMAGE_BYTES,
            "image_matrix_limit": 33_177_600,
            "video_size_limit": VIDEO_BYTES,
            "video_matrix_limit": 8_294_400,
            "video_frame_rate_limit": 120,
            "description_limit": 1500,
        }
        domain = call.base.split("//")[1]
        polls = {"max_options": 4, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2_629_746}
        configuration = {
            "statuses": limits,
            "media_attachments": media,
            "polls": polls,
            "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
            "translation": {"enabled": False},
            "urls": {"streaming": f"wss://{domain}"},
        }
        about = {
            "source_url": "https://github.com/mastodon/mastodon",
            "contact": {"email": f"editors@{domain}"},
            "registrations": {"enabled": False, "approval_required": False},
            "thumbnail": {"url": f"{call.base}/thumbnail.png"},
            "usage": {"users": {"active_month": 1}},
            "icon": [],
            "rules": [],
        }
        common = {"title": "Sandbox", "description": "A twin, for trying things on.", "configuration": configuration}
        return Answer(
            200,
            {
                "uri": domain,
                "domain": domain,
                "version": "4.5.0",
                "api_versions": {"mastodon": 7},
                "languages": ["en"],
                **common,
                **about,
            },
        )

    def _account(self, call: Call, name: str) -> JsonObject:
        url = f"{call.base}/@{name}"
        picture = f"{call.base}/avatar.png"
        nothing: JsonObject = {"emojis": [], "fields": [], "note": "", "followers_count": 0, "following_count": 0}
        flags = {"bot": False, "group": False, "locked": False, "discoverable": True, "indexable": False}
        return {
            "id": account_id(name),
            "username": name,
            "acct": name,
            "display_name": name,
            "url": url,
            "uri": url,
            "created_at": BORN,
            "last_status_at": None,
            "statuses_count": sum(1 for _ in self.state.of(self.network, name)),
            **dict.fromkeys(("avatar", "avatar_static", "header", "header_static"), picture),
            **nothing,
            **flags,
        }

    def _status(self, call: Call, post: Post) -> JsonObject:
        parent = self.state.find(self.network, post.parent) if post.parent else None
        url = f"{call.base}{post.path.removeprefix('/mastodon')}"
        nothing: JsonObject = {
            "emojis": [],
            "mentions": [],
            "reblog": None,
            "card": None,
            "poll": None,
        }
        counts: JsonObject = {name: post.counts.get(metric, 0) for metric, name in COUNTS.items()}
        counts["replies_count"] = sum(p.parent == post.id and p.network == self.network for p in self.state.posts)
        return {
            "id": post.id,
            "uri": url,
            "url": url,
            "created_at": stamp(post.at),
            "edited_at": post.data.get("edited_at"),
            "account": self._account(call, post.account),
            "content": content_html(post),
            "visibility": post.data.get("visibility") or "public",
            "language": post.data.get("language"),
            "sensitive": bool(post.data.get("sensitive")),
            "spoiler_text": post.data.get("spoiler_text") or "",
            "in_reply_to_id": parent.id if parent else None,
            "in_reply_to_account_id": account_id(parent.account) if parent else None,
            "media_attachments": [self._attachment(call, media) for media in self.state.media_of(post)],
            "tags": [
                {"name": s.value.lower(), "url": f"{call.base}/tags/{s.value}"} for s in post.spans if s.kind == "tag"
            ],
            **nothing,
            **counts,
        }

    # --- words ---

    def failure(self, status: int, message: str, code: str = "") -> Answer:
        return Answer(status, {"error": message})

    def unauthorized(self) -> Answer:
        return self.failure(401, "The access token is invalid")

    def forbidden(self) -> Answer:
        return self.failure(403, "This action is outside the authorized scopes")

    def refusal(self) -> Answer:
        return self.failure(422, "Validation failed: File content type is invalid")

    def misshapen(self, problems: list[str]) -> Answer:
        return self.failure(422, "Validation failed: " + "; ".join(problems))

    def rate(self, limit: int, remaining: int, reset: datetime) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": reset.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        }

    def profile(self, account: str) -> str:
        return f"/mastodon/@{account}"


def kind_of(media: Media) -> str:
    """As the API names it. A GIF of more than one picture becomes a film without sound, a `gifv`: each of its pictures has a
    graphic control extension before it (GIF89a, 23)."""
    if media.mime.startswith("video/"):
        return "video"
    return "gifv" if media.mime == "image/gif" and media.content.count(b"\x21\xf9\x04") > 1 else "image"


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def account_id(name: str) -> str:
    return str(int.from_bytes(name.encode()[:12], "big"))


def content_html(post: Post) -> str:
    """Plain text as the server shows it: paragraphs, and links for what it recognises."""
    pieces, position = [], 0
    for span in post.spans:
        pieces += [
            html.escape(post.text[position : span.start], quote=False),
            _linked(post.text[span.start : span.end], span.kind),
        ]
        position = span.end
    pieces.append(html.escape(post.text[position:], quote=False))
    paragraphs = "".join(pieces).strip("\n").split("\n\n")
    return "".join(f"<p>{paragraph.replace(chr(10), '<br />')}</p>" for paragraph in paragraphs if paragraph)


def _linked(text: str, kind: str) -> str:
    shown = html.escape(text)
    if kind == "tag":
        return f'<a href="/tags/{shown[1:].lower()}" class="mention hashtag" rel="tag">#<span>{shown[1:]}</span></a>'
    if kind == "mention":
        return f'<span class="h-card"><a href="/{shown}" class="u-url mention">@<span>{shown[1:].partition("@")[0]}</span></a></span>'
    scheme, _, rest = shown.partition("://")
    return f'<a href="{shown}" target="_blank" rel="nofollow noopener"><span class="invisible">{scheme}://</span><span>{rest}</span></a>'
