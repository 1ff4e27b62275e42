"""Bluesky's twin: the calls of a PDS that a publisher makes (lexicons `com.atproto.*`, and the PDS's own behaviour), and those
of the AppView that show what readers do (`app.bsky.feed.*`)."""

import base64
import hashlib
import hmac
import json
import re
import secrets
from datetime import UTC, datetime, timedelta

from presstime.model import JsonObject, Span
from presstime.networks.atproto import record_key
from presstime.networks.bluesky import COLLECTION, COUNTS, TRAITS
from presstime.sandbox.calls import Answer, Call, Rejected
from presstime.sandbox.cid import blob_cid, cid_of
from presstime.sandbox.state import Media, Post
from presstime.sandbox.twin import Operation, Twin, picture_type

TID = re.compile(r"[234567a-j][234567a-z]{12}")
HANDLE = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
BLOB_LIMIT = 50 * 1024 * 1024
ACCESS, REFRESH = timedelta(minutes=120), timedelta(days=90)
SIGNING_KEY = b"the sandbox's tokens protect nothing"


class Bluesky(Twin):
    network = "bluesky"
    prefix = "/xrpc/"
    uploads = "/xrpc/com.atproto.repo.uploadBlob"
    title = "Bluesky"
    limit, window = 5000, 3600

    def operations(self) -> list[Operation]:
        xrpc = "/xrpc/com.atproto."
        return [
            Operation("POST", f"{xrpc}server.createSession", "createSession", self.create_session, open=True),
            Operation("POST", f"{xrpc}server.refreshSession", "refreshSession", self.refresh_session),
            Operation("GET", f"{xrpc}server.getSession", "getSession", self.get_session),
            Operation("GET", f"{xrpc}identity.resolveHandle", "resolveHandle", self.resolve_handle, open=True),
            Operation("POST", f"{xrpc}repo.uploadBlob", "uploadBlob", self.upload_blob),
            Operation("POST", f"{xrpc}repo.putRecord", "putRecord", self.put_record, visible=True),
            Operation("POST", f"{xrpc}repo.createRecord", "createRecord", self.create_record, visible=True),
            Operation("POST", f"{xrpc}repo.deleteRecord", "deleteRecord", self.delete_record, visible=True),
            Operation("GET", f"{xrpc}repo.getRecord", "getRecord", self.get_record, open=True),
            Operation("GET", f"{xrpc}repo.listRecords", "listRecords", self.list_records, open=True),
            Operation("GET", "/xrpc/app.bsky.feed.getPosts", "getPosts", self.get_posts, open=True),
            Operation("GET", "/xrpc/app.bsky.feed.getPostThread", "getPostThread", self.get_post_thread, open=True),
        ]

    # --- sessions ---

    def account(self, token: str) -> str:
        if not token:
            raise self.refuse(401, "Authentication Required", "AuthMissing")
        claims = _claims(token)
        if claims is None:
            raise self.refuse(400, "Token could not be verified", "InvalidToken")
        if claims["exp"] < self.state.now().timestamp():
            raise Rejected(self.expired())
        return str(claims["handle"])

    def create_session(self, call: Call) -> Answer:
        handle = str(call.body["identifier"]).removeprefix("@").lower()
        if call.body["password"].startswith("wrong-") or not call.body["password"] or not HANDLE.fullmatch(handle):
            raise Rejected(self.unauthorized())
        return Answer(200, self._session(handle))

    def refresh_session(self, call: Call) -> Answer:
        return Answer(200, self._session(call.account))

    def get_session(self, call: Call) -> Answer:
        return Answer(200, {"handle": call.account, "did": did_of(call.account), "active": True})

    def _session(self, handle: str) -> JsonObject:
        tokens = {
            "accessJwt": _token(handle, "com.atproto.access", self.state.now() + ACCESS),
            "refreshJwt": _token(handle, "com.atproto.refresh", self.state.now() + REFRESH),
        }
        return tokens | {"handle": handle, "did": did_of(handle), "active": True}

    def resolve_handle(self, call: Call) -> Answer:
        """Every well-formed handle is somebody, but for those under the reserved `.invalid`."""
        handle = call.params["handle"].lower()
        if not HANDLE.fullmatch(handle) or handle.endswith(".invalid"):
            raise self.refuse(400, "Unable to resolve handle", "InvalidRequest")
        return Answer(200, {"did": did_of(handle)})

    # --- records ---

    def upload_blob(self, call: Call) -> Answer:
        content = call.body if isinstance(call.body, bytes) else b""
        if len(content) > BLOB_LIMIT:
            raise self.refuse(413, "request entity too large", "PayloadTooLarge")
        mime = picture_type(content) or call.headers.get("content-type", "")  # looked at, as the PDS does
        media = Media(blob_cid(content), self.network, call.account, mime, content)
        self.state.add_media(media)
        reference = {"$link": media.id}
        blob = {"$type": "blob", "ref": reference, "mimeType": media.mime, "size": len(content)}
        return Answer(200, {"blob": blob})

    def put_record(self, call: Call) -> Answer:
        body = call.body
        self._check(call)
        rkey, record = body["rkey"], body["record"]
        cid = cid_of(record)
        there = self.state.find(self.network, _uri(call.account, rkey))
        if there and there.data["cid"] == cid:
            return Answer(200, _written(there))  # the same record: nothing is done, for ever
        if "swapRecord" in body and body["swapRecord"] != (there.data["cid"] if there else None):
            at = there.data["cid"] if there else "null"
            raise self.refuse(400, f"Record was at {at}", "InvalidSwap")
        return Answer(200, _written(self._write(call.account, rkey, record, cid, there)))

    def create_record(self, call: Call) -> Answer:
        self._check(call)
        at = self.state.now()
        rkey = call.body.get("rkey") or record_key(at, self.state.number())
        if self.state.find(self.network, _uri(call.account, rkey)):
            # A real PDS does not map this error either: atproto issue 3718
            raise self.refuse(500, "Internal Server Error", "InternalServerError")
        record = call.body["record"]
        return Answer(200, _written(self._write(call.account, rkey, record, cid_of(record), None)))

    def delete_record(self, call: Call) -> Answer:
        """Nothing is done, and nothing said, where there is no such record."""
        body = call.body
        self._check_repo(call)
        there = self.state.find(self.network, _uri(call.account, body["rkey"]))
        if there is None:
            return Answer(200, {})
        if "swapRecord" in body and body["swapRecord"] != there.data["cid"]:
            raise self.refuse(400, f"Record was at {there.data['cid']}", "InvalidSwap")
        self.state.remove(there)
        revision = record_key(self.state.now(), self.state.number())
        return Answer(200, {"commit": {"cid": cid_of({"removed": there.id, "rev": revision}), "rev": revision}})

    def get_record(self, call: Call) -> Answer:
        for post in self._repo(call.params["repo"]):
            if post.data["rkey"] == call.params["rkey"]:
                return Answer(200, _shown(post))
        raise self.refuse(400, "Could not locate record", "RecordNotFound")

    def list_records(self, call: Call) -> Answer:
        limit = int(call.params.get("limit", "50"))
        posts = sorted(self._repo(call.params["repo"]), key=lambda post: str(post.data["rkey"]), reverse=True)
        after = [post for post in posts if post.data["rkey"] < call.params.get("cursor", "~")][:limit]
        cursor = {"cursor": after[-1].data["rkey"]} if len(after) == limit else {}
        return Answer(200, {"records": [_shown(post) for post in after], **cursor})

    def _repo(self, repo: str) -> list[Post]:
        mine = (post for post in self.state.posts if post.network == self.network)
        return [post for post in mine if repo.lower() in (post.account, did_of(post.account))]

    def _check(self, call: Call) -> None:
        """What the PDS checks beyond the shape of the request. Raises `Rejected`."""
        body, record = call.body, call.body["record"]
        self._check_repo(call)
        if "rkey" in body and not TID.fullmatch(body["rkey"]):
            raise self.refuse(400, f"Invalid record key: {body['rkey']} is not a TID", "InvalidRequest")
        if problem := _too_big(record["text"]):
            raise self.refuse(400, f"Invalid {COLLECTION} record: {problem} at $.record.text", "InvalidRequest")
        for blob, limit in _blobs(record.get("embed") or {}):
            self._check_blob(blob, limit)

    def _check_repo(self, call: Call) -> None:
        if call.body["repo"].lower() not in (call.account, did_of(call.account)):
            raise self.refuse(403, "Can not write to another repo", "Forbidden")

    def _check_blob(self, blob: JsonObject, limit: int) -> None:
        media = self.state.media.get(blob["ref"]["$link"])
        if media is None:
            raise self.refuse(400, f"Could not find blob: {blob['ref']['$link']}", "BlobNotFound")
        if len(media.content) > limit:
            raise self.refuse(
                400,
                f"This file is too large. It is {len(media.content)} bytes but the maximum size is {limit}.",
                "BlobTooLarge",
            )

    def alter(self, post: Post, text: str) -> None:
        """The record is written anew by another client, without marks: those would sit on the old letters."""
        record = {name: value for name, value in post.data["record"].items() if name != "facets"} | {"text": text}
        super().alter(post, text)
        self.state.save(self._filled(post, record, cid_of(record)))

    def _write(self, account: str, rkey: str, record: JsonObject, cid: str, there: Post | None) -> Post:
        for image in (record.get("embed") or {}).get("images", []):
            self.state.media[image["image"]["ref"]["$link"]].alt = image["alt"]
        post = self._filled(there or self._empty(account, rkey), record, cid)
        self.state.save(post) if there else self.state.add(post)
        return post

    def _empty(self, account: str, rkey: str) -> Post:
        page = f"{self.profile(account)}/post/{rkey}"
        return Post(self.network, _uri(account, rkey), account, "", self.state.now(), page, key=rkey)

    @staticmethod
    def _filled(post: Post, record: JsonObject, cid: str) -> Post:
        embed = record.get("embed") or {}
        post.text = record["text"]
        post.spans = _spans(record)
        post.media = tuple(image["image"]["ref"]["$link"] for image in embed.get("images", []))
        post.card = _card(embed)
        post.parent = (record.get("reply") or {}).get("parent", {}).get("uri")
        post.data = {"rkey": post.key, "cid": cid, "record": record}
        return post

    # --- what readers do ---

    def get_posts(self, call: Call) -> Answer:
        """Those of the posts that are there. The twin is asked for one at a time: its calls know no list of parameters."""
        post = self.state.find(self.network, call.params["uris"])
        return Answer(200, {"posts": [self._view(post)] if post else []})

    def get_post_thread(self, call: Call) -> Answer:
        post = self.state.find(self.network, call.params["uri"])
        if post is None:
            raise self.refuse(400, f"Post not found: {call.params['uri']}", "NotFound")
        return Answer(200, {"thread": self._thread(post, int(call.params.get("depth", "6")))})

    def _thread(self, post: Post, depth: int) -> JsonObject:
        answers = [self._thread(p, depth - 1) for p in self._answers(post)] if depth else []
        return {"$type": "app.bsky.feed.defs#threadViewPost", "post": self._view(post), "replies": answers}

    def _answers(self, post: Post) -> list[Post]:
        return [other for other in self.state.posts if other.network == self.network and other.parent == post.id]

    def _view(self, post: Post) -> JsonObject:
        counts: JsonObject = {name: post.counts.get(metric, 0) for metric, name in COUNTS.items()}
        counts["replyCount"] = len(self._answers(post))
        author = {"did": did_of(post.account), "handle": post.account}
        shown = {"uri": post.id, "cid": post.data["cid"], "author": author, "record": post.data["record"]}
        return {**shown, **counts, "indexedAt": _stamp(post.at)}

    def answer(self, post: Post, author: str, text: str) -> Post:
        """By somebody whose app writes records as all do."""
        handle = author if HANDLE.fullmatch(author) else f"{author}.example"
        now = self.state.now()
        parent = {"uri": post.id, "cid": post.data["cid"]}
        root = post.data["record"].get("reply", {}).get("root", parent)
        record = {
            "$type": COLLECTION,
            "text": text,
            "createdAt": _stamp(now),
            "reply": {"root": root, "parent": parent},
        }
        return self._filled(self._empty(handle, record_key(now, self.state.number())), record, cid_of(record))

    # --- words ---

    def failure(self, status: int, message: str, code: str = "") -> Answer:
        names = {400: "InvalidRequest", 429: "RateLimitExceeded", 404: "MethodNotImplemented"}
        return Answer(status, {"error": code or names.get(status, "InternalServerError"), "message": message})

    def unauthorized(self) -> Answer:
        return self.failure(401, "Invalid identifier or password", "AuthenticationRequired")

    def expired(self) -> Answer:
        return self.failure(400, "Token has expired", "ExpiredToken")

    def forbidden(self) -> Answer:
        return self.failure(401, "Account has been taken down", "AccountTakedown")

    def refusal(self) -> Answer:
        return self.failure(400, "Wrong type of file", "InvalidMimeType")

    def rate(self, limit: int, remaining: int, reset: datetime) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(remaining),
            "RateLimit-Reset": str(int(reset.timestamp())),
            "RateLimit-Policy": f"{limit};w={self.window}",
        }

    def profile(self, account: str) -> str:
        return f"/bluesky/profile/{account}"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def did_of(handle: str) -> str:
    return "did:plc:" + base64.b32encode(hashlib.sha256(handle.encode()).digest()).decode().lower()[:24]


def _too_big(text: str) -> str:
    """What is too much about a text, in the words of the PDS; "" if nothing is."""
    from presstime.render.measure import graphemes, utf8

    rule = TRAITS.text
    for name, most, size in (("string", rule.max_bytes or 0, utf8(text)), ("grapheme", rule.limit, graphemes(text))):
        if size > most:
            return f"{name} too big (maximum {most}, got {size})"
    return ""


def _uri(account: str, rkey: str) -> str:
    return f"at://{did_of(account)}/{COLLECTION}/{rkey}"


def _written(post: Post) -> JsonObject:
    return {"uri": post.id, "cid": post.data["cid"], "validationStatus": "valid"}


def _shown(post: Post) -> JsonObject:
    return {"uri": post.id, "cid": post.data["cid"], "value": post.data["record"]}


def _blobs(embed: JsonObject) -> list[tuple[JsonObject, int]]:
    """The blobs of an embed, each with the size its lexicon allows."""
    pictures = [(image["image"], 2_000_000) for image in embed.get("images", [])]
    thumb = embed.get("external", {}).get("thumb")
    return [*pictures, *([(thumb, 1_000_000)] if thumb else [])]


def _spans(record: JsonObject) -> tuple[Span, ...]:
    """The facets, back from bytes to code points. One that cuts a character in two is left out, as apps do."""
    data, spans = record["text"].encode(), []
    for facet in record.get("facets", []):
        try:
            start = len(data[: facet["index"]["byteStart"]].decode())
            end = start + len(data[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode())
        except UnicodeDecodeError:
            continue
        feature = facet["features"][0]
        kind = feature["$type"].partition("#")[2]
        spans.append(Span(start, end, kind, feature.get("uri") or feature.get("tag") or feature.get("did", "")))
    return tuple(spans)


def _card(embed: JsonObject) -> JsonObject | None:
    external = embed.get("external")
    if not external:
        return None
    thumb = external.get("thumb")
    card = {"url": external["uri"], "title": external["title"], "description": external["description"]}
    return card | {"thumb": thumb["ref"]["$link"] if thumb else None}


def _token(handle: str, scope: str, until: datetime) -> str:
    """A token of the real one's form, whose times clients read."""
    issued = int((until - (ACCESS if scope.endswith("access") else REFRESH)).timestamp())
    unique = secrets.token_hex(8)
    claims = {
        "jti": unique,
        "scope": scope,
        "sub": did_of(handle),
        "handle": handle,
        "iat": issued,
        "exp": int(until.timestamp()),
    }
    head = _base64(json.dumps({"typ": "at+jwt", "alg": "HS256"}).encode())
    signed = f"{head}.{_base64(json.dumps(claims).encode())}"
    return f"{signed}.{_base64(hmac.digest(SIGNING_KEY, signed.encode(), 'sha256'))}"


def _claims(token: str) -> JsonObject | None:
    """What a token says; None if it is not one of ours."""
    signed, _, signature = token.rpartition(".")
    if signature != _base64(hmac.digest(SIGNING_KEY, signed.encode(), "sha256")):
        return None
    part = signed.rpartition(".")[2]
    claims: JsonObject = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
