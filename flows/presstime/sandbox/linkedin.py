"""LinkedIn's twins: the Posts API for pages and for members, with its little text, uploads and dated versions.

What is not in the vendor's pages but was seen of the API: an unescaped reserved character ends the post, silently; a repetition is
refused and names a post, also one that is deleted; self-serve apps may read nothing back, not even what became of an upload.
Whoever has a token may write for every page but `NOBODYS`, and has a role on those that a place for a file was asked for.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from presstime.model import JsonObject, Metric
from presstime.networks.linkedin import COUNTED, PAGE
from presstime.sandbox import littletext
from presstime.sandbox.calls import Answer, Call
from presstime.sandbox.state import Media, Post
from presstime.sandbox.twin import Operation, Twin, film_type, marked, picture_type

NOBODYS = "urn:li:organization:403"  # a page that no token of this sandbox may write for
DUPLICATE_WINDOW = timedelta(minutes=10)  # as documented for the older API
LIFE = 12  # months that a version of the API is served for
PART = 4_194_304  # bytes of a film that go in one request


class LinkedIn(Twin):
    network = "linkedin"
    contract = "linkedin"
    prefix = "/rest/"
    uploads = "/rest/images"
    title = "LinkedIn"
    kind: ClassVar[str] = "organization"
    reads: ClassVar[bool] = True  # whether the app's tokens may read posts, comments and uploads

    def operations(self) -> list[Operation]:
        urn = "{urn}"
        return [
            self._rest("POST", "/posts", "createPost", self.create, visible=True),
            self._rest("GET", "/posts", "findPosts", self._readable("Posts.FINDER-author", self.find)),
            self._rest("GET", f"/posts/{urn}", "getPost", self._readable("Posts.GET", self.get)),
            self._rest("POST", f"/posts/{urn}", "updatePost", self.update, visible=True),
            self._rest("DELETE", f"/posts/{urn}", "deletePost", self.delete, visible=True),
            self._rest("POST", "/images", "initializeImage", self.place_image),
            self._rest("GET", f"/images/{urn}", "getImage", self._readable("Images.GET", self.look)),
            self._rest("POST", "/videos", "initializeVideo", self.act_on_video),
            self._rest("GET", f"/videos/{urn}", "getVideo", self._readable("Videos.GET", self.look)),
            self._rest("GET", f"/socialActions/{urn}/comments", "getComments", self._readable("Comments.GET_ALL", self.comments)),
            self._rest("GET", "/organizationalEntityShareStatistics", "shareStatistics", self._readable("Stats.FINDER", self.statistics)),
            self._rest("GET", "/organizationAcls", "findRoles", self._readable("Acls.FINDER", self.roles)),
            Operation("PUT", "/dms-uploads/{urn}", "uploadImage", self.upload_image),
            Operation("PUT", "/dms-uploads/{urn}/{part}", "uploadPart", self.upload_part, open=True),
            Operation("GET", "/v2/userinfo", "userinfo", self.userinfo),
        ]  # fmt: skip

    def _rest(
        self, method: str, path: str, name: str, run: Callable[[Call], Answer], visible: bool = False
    ) -> Operation:
        """A call of the versioned API: with a version that is not served any more, or not yet, everything is refused."""

        def served(call: Call) -> Answer:
            version, now = call.headers["linkedin-version"], self.state.now()
            age = (now.year - int(version[:4])) * 12 + now.month - int(version[4:])
            if not 0 <= age <= LIFE:
                raise self.refuse(426, f"Requested version {version}01 is not active", "NONEXISTENT_VERSION")
            return run(call)

        return Operation(method, f"/rest{path}", name, served, visible=visible)

    def _readable(self, what: str, run: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        def read(call: Call) -> Answer:
            if not self.reads:
                raise self._denied(f"{what}.{call.headers['linkedin-version']}01")
            return run(call)

        return read

    # --- posts ---

    def create(self, call: Call) -> Answer:
        author, commentary = call.body["author"], call.body["commentary"]
        self._may_write(call, author, "/author")
        content = call.body.get("content", {})
        text, spans = littletext.read(self._fitting(commentary))
        media, card = self._shown(call, content)
        self._not_again(author, commentary, content)
        moves = any(item.mime.startswith("video/") for item in media)
        number = self.state.number()
        urn = f"urn:li:{'ugcPost' if moves else 'share'}:{number}"
        self.state.add(
            Post(
                self.network,
                urn,
                call.account,
                text,
                self.state.now(),
                f"/{self.network}/feed/update/{urn}",
                spans=spans,
                media=tuple(item.id for item in media),
                card=card,
                data={"author": author, "said": said(commentary, content), "content": content},
            )
        )
        return Answer(201, None, {"x-restli-id": urn, "x-linkedin-id": urn})

    def _fitting(self, commentary: str) -> str:
        if len(commentary) > PAGE.text.limit:
            raise self.refuse(400, f"ERROR :: /commentary :: field length is too long: {len(commentary)}", "FIELD_LENGTH_TOO_LONG")  # fmt: skip
        return commentary

    def _not_again(self, author: str, commentary: str, content: JsonObject) -> None:
        """A deleted post counts, too."""
        since = self.state.now() - DUPLICATE_WINDOW
        for post in reversed(self.state.kept):
            same = post.data.get("said") == said(commentary, content) and post.data.get("author") == author
            if same and post.network == self.network and post.at > since:
                name = "com.linkedin.content.common.exception.BadRequestResponseException"
                raise self.refuse(422, f"{name}: Content is a duplicate of {post.id}", "DUPLICATE_POST")

    def _shown(self, call: Call, content: JsonObject) -> tuple[list[Media], JsonObject | None]:
        """What a post shows, in order, and its card."""
        if article := content.get("article"):
            thumb = self._uploaded(call, article["thumbnail"]).id if "thumbnail" in article else None
            return [], {
                "url": article["source"],
                "title": article.get("title", ""),
                "description": article.get("description", ""),
                "thumb": thumb,
            }
        named = [content["media"]] if "media" in content else content.get("multiImage", {}).get("images", [])
        found = []
        for item in named:
            media = self._uploaded(call, item["id"])
            media.alt = item.get("altText", "")
            self.state.add_media(media)
            found.append(media)
        return found, None

    def _uploaded(self, call: Call, urn: str) -> Media:
        media = self.state.media.get(urn)
        if media is None or media.account != call.account:
            raise self.refuse(400, f"ERROR :: /content :: {urn} is not owned by the author", "INVALID_URN_ID")
        if not media.content:
            raise self.refuse(400, f"ERROR :: /content :: {urn} waits for its upload", "MEDIA_ASSET_WAITING_UPLOAD")
        return media

    def update(self, call: Call) -> Answer:
        post = self._own(call)
        if post is None:
            raise self.refuse(404, f"Entity {call.where['urn']} is not found", "NOT_FOUND")
        text, spans = littletext.read(self._fitting(call.body["patch"]["$set"]["commentary"]))
        self.state.edit(post, text, spans, post.media)
        post.data["modified"] = millis(self.state.now())
        self.state.save(post)
        return Answer(204, None)

    def alter(self, post: Post, text: str) -> None:
        spans = tuple(span for span in marked(text, "mastodon") if span.kind == "tag")
        post.data["modified"] = millis(self.state.now())
        self.state.edit(post, text, spans, post.media)

    def get(self, call: Call) -> Answer:
        post = self.state.find(self.network, call.where["urn"])
        if post is None or "content" not in post.data:  # what readers answered is no post
            raise self.refuse(404, f"Entity {call.where['urn']} is not found", "NOT_FOUND")
        return Answer(200, _element(post))

    def delete(self, call: Call) -> Answer:
        if post := self._own(call):
            self.state.remove(post)
        return Answer(204, None)

    def _own(self, call: Call) -> Post | None:
        post = self.state.find(self.network, call.where["urn"])
        if post and post.account != call.account:
            raise self._denied("Posts.UPDATE")
        return post

    def find(self, call: Call) -> Answer:
        own = [
            p for p in self.state.posts if p.network == self.network and p.data.get("author") == call.params["author"]
        ]
        own.sort(key=lambda post: int(post.data.get("modified", millis(post.at))), reverse=True)
        return Answer(200, paged(call, [_element(post) for post in own]))

    # --- uploads ---

    def place_image(self, call: Call) -> Answer:
        urn = self._place(call, "image")
        place = {"uploadUrlExpiresAt": millis(self.state.now() + timedelta(days=1)), "image": urn}
        return Answer(200, {"value": {**place, "uploadUrl": f"{call.base}/dms-uploads/{urn}"}})

    def _place(self, call: Call, kind: str) -> str:
        owner = call.body["initializeUploadRequest"]["owner"]
        self._may_write(call, owner, "/initializeUploadRequest/owner")
        self.state.remember(f"{self.network} role {call.account} {owner}", owner)
        urn = f"urn:li:{kind}:C4E{self.state.number()}"
        self.state.add_media(Media(urn, self.network, call.account, "", b""))
        return urn

    def upload_image(self, call: Call) -> Answer:
        media = self.state.media.get(call.where["urn"])
        content = call.body if isinstance(call.body, bytes) else b""
        mime = picture_type(content)
        if media is None or media.account != call.account or mime is None:
            raise self.refuse(400, "The upload is not a picture")
        self._keep(media, mime, content)
        return Answer(201, None)

    def _keep(self, media: Media, mime: str, content: bytes) -> None:
        media.mime, media.content = mime, content
        media.pending = 2 if self.state.faults.take_processing(self.network, media.account) else 0
        self.state.add_media(media)

    def act_on_video(self, call: Call) -> Answer:
        if call.params["action"] == "finalizeUpload":
            return self._finalize(call)
        size, urn = call.body["initializeUploadRequest"]["fileSizeBytes"], self._place(call, "video")
        parts = [
            {
                "uploadUrl": f"{call.base}/dms-uploads/{urn}/{number}",
                "firstByte": first,
                "lastByte": min(first + PART, size) - 1,
            }
            for number, first in enumerate(range(0, size, PART))
        ]
        ends = millis(self.state.now() + timedelta(days=1))
        value = {"uploadUrlsExpireAt": ends, "video": urn, "uploadInstructions": parts, "uploadToken": f"token-{urn}"}
        return Answer(200, {"value": value})

    def upload_part(self, call: Call) -> Answer:
        """The part's ETag is all that is known of it until the upload is finished."""
        if call.where["urn"] not in self.state.media:
            raise self.refuse(404, "There is no such upload")
        content = call.body if isinstance(call.body, bytes) else b""
        etag = f"/ambry-video/signedId/{hashlib.sha256(content).hexdigest()}"
        self.state.add_media(Media(etag, self.network, "", "", content))
        return Answer(200, None, {"ETag": f'"{etag}"'})

    def _finalize(self, call: Call) -> Answer:
        request = call.body["finalizeUploadRequest"]
        media = self.state.media.get(request["video"])
        if media is None or media.account != call.account or request["uploadToken"] != f"token-{media.id}":
            raise self.refuse(400, "The upload token is not that of the video")
        try:
            content = b"".join(self.state.media[etag].content for etag in request["uploadedPartIds"])
        except KeyError as part:
            raise self.refuse(400, f"There is no part {part}") from None
        if film_type(content) != "video/mp4":
            raise self.refuse(400, "The upload is not an MP4 video")
        self._keep(media, "video/mp4", content)
        return Answer(200, None)

    def look(self, call: Call) -> Answer:
        media = self.state.media.get(call.where["urn"])
        if media is None:
            raise self.refuse(404, f"Entity {call.where['urn']} is not found", "NOT_FOUND")
        status = "PROCESSING" if media.pending else "AVAILABLE" if media.content else "WAITING_UPLOAD"
        media.pending = max(media.pending - 1, 0)
        return Answer(200, {"id": media.id, "owner": self._home(media.account), "status": status})

    # --- what readers do ---

    def comments(self, call: Call) -> Answer:
        wanted, network = call.where["urn"], self.network
        heard = [p for p in self.state.posts if p.network == network and p.parent and self._thread(p.parent) == wanted]
        return Answer(200, paged(call, [self._comment(post) for post in heard]))

    def _thread(self, parent: str) -> str:
        """The URN that the answers to a post or comment are found under."""
        post = self.state.find(self.network, parent)
        return self._urn(post) if post and post.parent else parent

    def _urn(self, comment: Post) -> str:
        root = comment
        while root.parent and (above := self.state.find(self.network, root.parent)):
            root = above
        return f"urn:li:comment:({root.id},{comment.id})"

    def _comment(self, post: Post) -> JsonObject:
        actor = post.data.get("author") or person(post.account)
        stamp = {"actor": actor, "time": millis(post.at)}
        below = sum(other.network == self.network and other.parent == post.id for other in self.state.posts)
        comment = {
            "actor": actor,
            "commentUrn": self._urn(post),
            "id": post.id,
            "created": stamp,
            "lastModified": stamp,
            "message": {"attributes": [], "text": post.text},
            "object": post.parent,
            "likesSummary": {"selectedLikes": [], "aggregatedTotalLikes": 0},
        }
        if below:
            comment["commentsSummary"] = {"totalFirstLevelComments": below, "aggregatedTotalComments": below}
        return comment

    def statistics(self, call: Call) -> Answer:
        """One post's, where it has any: others are left out."""
        kind = "ugcPosts" if "ugcPosts" in call.params else "shares"
        found = []
        for urn in call.params[kind].removeprefix("List(").removesuffix(")").split(","):
            post = self.state.find(self.network, urn)
            if post and post.data.get("author") == call.params["organizationalEntity"] and post.counts:
                counts: JsonObject = {name: post.counts.get(metric, 0) for metric, name in COUNTED.items()}
                counts[COUNTED[Metric.REPLIES]] = len(self.state.answers(post))
                entity = {"organizationalEntity": post.data["author"], kind.removesuffix("s"): urn}
                found.append({**entity, "totalShareStatistics": {**counts, "engagement": 0.0}})
        return Answer(200, paged(call, found))

    # --- accounts ---

    def roles(self, call: Call) -> Answer:
        mine = f"{self.network} role {call.account} "
        pages = [owner for key, (owner, _) in self.state.keys.items() if key.startswith(mine)]
        found = [
            {
                "roleAssignee": person(call.account),
                "state": "APPROVED",
                "role": "ADMINISTRATOR",
                "organization": urn,
                "organizationTarget": urn,
            }
            for urn in pages
        ]
        return Answer(200, paged(call, found))

    def userinfo(self, call: Call) -> Answer:
        about = {"name": call.account, "given_name": call.account, "family_name": "", "locale": "fr-FR"}
        return Answer(200, {"sub": person(call.account).rpartition(":")[2], **about})

    def _may_write(self, call: Call, owner: str, field: str) -> None:
        if owner == NOBODYS or (self.kind == "person" and owner != person(call.account)):
            raise self.refuse(403, f"Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields [{field}]", "ACCESS_DENIED")  # fmt: skip

    def _denied(self, what: str) -> Exception:
        return self.refuse(403, f"Not enough permissions to access: partnerApi{what}", "ACCESS_DENIED")

    def _home(self, account: str) -> str:
        return person(account) if self.kind == "person" else organization(account)

    # --- words ---

    def failure(self, status: int, message: str, code: str = "") -> Answer:
        if status == 422:  # with what is wrong in its own place
            inner = {"description": "Duplicate post is detected", "input": {}, "code": code}
            kind = "com.linkedin.common.error.BadRequest"
            return Answer(422, {"errorDetailType": kind, "message": message, "errorDetails": {"inputErrors": [inner]}, "status": 422})  # fmt: skip
        return Answer(status, {"status": status, "code": code, "message": message} if code else {"status": status, "message": message})  # fmt: skip

    def unauthorized(self) -> Answer:
        body = {
            "status": 401,
            "serviceErrorCode": 65600,
            "code": "INVALID_ACCESS_TOKEN",
            "message": "Invalid access token",
        }
        return Answer(401, body)

    def expired(self) -> Answer:
        message = "The token used in the request has expired"
        return Answer(
            401, {"status": 401, "serviceErrorCode": 65602, "code": "EXPIRED_ACCESS_TOKEN", "message": message}
        )

    def forbidden(self) -> Answer:
        return self.failure(403, "Not enough permissions to access: partnerApiPostsExternal.CREATE", "ACCESS_DENIED")

    def refusal(self) -> Answer:
        return self.failure(
            400, "ERROR :: /content :: the media asset could not be processed", "MEDIA_ASSET_PROCESSING_FAILED"
        )

    def limited(self, seconds: float) -> Answer:
        """Limits are by the day, and no header says so."""
        message = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."
        return Answer(429, {"serviceErrorCode": 101, "message": message, "status": 429})

    def rate(self, limit: int, remaining: int, reset: datetime) -> dict[str, str]:
        return {}

    def profile(self, account: str) -> str:
        return f"/{self.network}/{'in' if self.kind == 'person' else 'company'}/{account}"


class LinkedInMember(LinkedIn):
    """Members, through an app that anybody may have: it may write, and read nothing."""

    network = "linkedin_member"
    title = "LinkedIn (member)"
    kind = "person"
    reads = False


def person(name: str) -> str:
    """The URN of a member; readers keep their names in it."""
    return f"urn:li:person:{re.sub('[^A-Za-z0-9_-]', '-', name)}"


def organization(name: str) -> str:
    return f"urn:li:organization:{int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) + 1000}"


def said(commentary: str, content: JsonObject) -> str:
    return hashlib.sha256(json.dumps([commentary, content], sort_keys=True).encode()).hexdigest()


def millis(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp() * 1000)


def paged(call: Call, elements: list[JsonObject]) -> JsonObject:
    start, count = int(call.params.get("start", "0")), int(call.params.get("count", "10"))
    paging = {"start": start, "count": count, "links": [], "total": len(elements)}
    return {"paging": paging, "elements": elements[start : start + count]}


def _element(post: Post) -> JsonObject:
    at = millis(post.at)
    element = {
        "id": post.id,
        "author": post.data["author"],
        "commentary": littletext.written(post.text, post.spans),
        "createdAt": at,
        "publishedAt": at,
        "lastModifiedAt": post.data.get("modified", at),
        "lifecycleState": "PUBLISHED",
        "lifecycleStateInfo": {"isEditedByAuthor": bool(post.edits)},
        "visibility": "PUBLIC",
        "isReshareDisabledByAuthor": False,
    }
    return element | ({"content": post.data["content"]} if post.data["content"] else {})
