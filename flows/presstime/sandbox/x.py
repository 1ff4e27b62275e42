"""X's twin: API v2 posts, media, own timeline and recent search, with t.co links and the refusal of a text posted twice.

An account of the name `no-credits`, or one that begins so, has used up what it paid for."""

import hashlib
import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from presstime.model import JsonObject, Span
from presstime.networks.x import TRAITS
from presstime.sandbox.calls import Answer, Call
from presstime.sandbox.state import Media, Post
from presstime.sandbox.twin import Operation, Twin, marked, picture_type, too_long

SNOWFLAKE = 1_288_834_974_657  # ms since 1970 at which X's ids begin, 22 bits below them
DUPLICATE_WINDOW = timedelta(hours=1)  # X does not say how long it remembers a text
MEDIA_LIFE = 86_400
LONG = replace(TRAITS.text, limit=25_000)
LARGEST = (5_242_880, 15_728_640)  # bytes of a picture, and of a GIF
SEARCHED = timedelta(days=7)  # how far recent search looks back
PROBLEMS = "https://api.x.com/2/problems"
ALWAYS = ("id", "text", "edit_history_tweet_ids")  # the fields of a post that need not be asked for
METRICS = {
    "retweet_count": "shares",
    "like_count": "likes",
    "quote_count": "quotes",
    "bookmark_count": "saves",
    "impression_count": "views",
}


class X(Twin):
    network = "x"
    prefix = "/2/"
    uploads = "/2/media/upload"
    title = "X"
    convention = "twitter"
    limit, window = 100, 900

    def operations(self) -> list[Operation]:
        return [
            Operation("POST", "/2/tweets", "createPosts", self.create, visible=True),
            Operation("GET", "/2/tweets/search/recent", "searchPostsRecent", self.search),
            Operation("GET", "/2/tweets/{id}", "getPostsById", self.post),
            Operation("DELETE", "/2/tweets/{id}", "deletePosts", self.delete, visible=True),
            Operation("POST", "/2/media/upload", "mediaUpload", self.upload),
            Operation("POST", "/2/media/metadata", "createMediaMetadata", self.describe),
            Operation("GET", "/2/users/me", "getUsersMe", self.me),
            Operation("GET", "/2/users/{id}/tweets", "getUsersPosts", self.timeline),
        ]

    def create(self, call: Call) -> Answer:
        if call.account.startswith("no-credits"):
            account = user_id(call.account)
            message = f"Your enrolled account [{account}] does not have any credits to fulfill this request."
            raise self.refuse(402, message, f"{PROBLEMS}/credits")
        text = call.body.get("text", "")
        media = [self._media(call, item).id for item in call.body.get("media", {}).get("media_ids", [])]
        parent = call.body.get("reply", {}).get("in_reply_to_tweet_id")
        if not text.strip() and not media:
            raise self.refuse(400, "The `text` field is required unless media is attached.")
        if too_long(text, LONG if call.account.startswith("premium") else TRAITS.text):
            raise self.refuse(403, "Your Tweet text is too long.")
        if parent and not self._own(call, parent):
            raise self.refuse(403, "You can only reply to or quote posts where you are mentioned or are the author.")
        if self._duplicate(call.account, text, parent):
            raise self.refuse(403, "You are not allowed to create a Tweet with duplicate content.")
        post_id = self.state.number(SNOWFLAKE, 22)
        path = f"/x/{call.account}/status/{post_id}"
        self.state.add(
            post := Post(
                self.network,
                post_id,
                call.account,
                text,
                self.state.now(),
                path,
                spans=marked(text, "twitter"),
                media=tuple(media),
                parent=parent,
            )
        )
        created = {"id": post_id, "text": wrapped(post)[0], "edit_history_tweet_ids": [post_id]}
        return Answer(201, {"data": created})

    def delete(self, call: Call) -> Answer:
        post = self._found(call.where["id"])
        if post is None:
            reason = f"Could not find tweet with id: [{call.where['id']}]."
            raise self.refuse(404, reason, f"{PROBLEMS}/resource-not-found")
        if post.account != call.account:
            raise self.refuse(403, "You are not authorized to delete this Tweet.")
        self.state.remove(post)
        return Answer(200, {"data": {"deleted": True}})

    def _duplicate(self, account: str, text: str, parent: str | None) -> bool:
        oldest = self.state.now() - DUPLICATE_WINDOW
        return any(
            (post.text.strip(), post.parent) == (text.strip(), parent)
            for post in self.state.of(self.network, account, removed=True)  # a text just deleted counts, too
            if post.at >= oldest
        )

    def _own(self, call: Call, post_id: str) -> bool:
        post = self.state.find(self.network, post_id)
        return post is not None and post.account == call.account

    def _media(self, call: Call, media_id: str) -> Media:
        media = self.state.media.get(media_id)
        if media is None or media.account != call.account:
            raise self.refuse(400, "Your media IDs are invalid.")
        return media

    def upload(self, call: Call) -> Answer:
        file = call.files.get("media")
        mime = picture_type(file.content) if file else None
        if file is None or mime is None:
            raise self.refuse(400, "media type unrecognized.")
        most = LARGEST[mime == "image/gif"]
        if len(file.content) > most:
            raise self.refuse(413, f"Media file size exceeds the limit of {most} bytes")
        media = Media(self.state.number(SNOWFLAKE, 22), self.network, call.account, mime, file.content)
        self.state.add_media(media)
        about = {
            "id": media.id,
            "media_key": f"3_{media.id}",
            "expires_after_secs": MEDIA_LIFE,
            "size": len(file.content),
        }
        return Answer(200, {"data": about})

    def describe(self, call: Call) -> Answer:
        media = self._media(call, call.body["id"])
        media.alt = call.body["metadata"]["alt_text"]["text"]
        self.state.add_media(media)
        return Answer(200, {"data": {"id": media.id, "associated_metadata": call.body["metadata"]}})

    def me(self, call: Call) -> Answer:
        return Answer(200, {"data": _user(call.account)})

    def timeline(self, call: Call) -> Answer:
        if call.where["id"] != user_id(call.account):
            return Answer(200, {"meta": {"result_count": 0}})
        start = call.params.get("start_time")
        since = datetime.fromisoformat(start) if start else datetime.min.replace(tzinfo=UTC)
        below = int(call.params.get("pagination_token", call.params.get("until_id", 1 << 64)))
        return self._page(call, [p for p in self.state.of(self.network, call.account) if p.at >= since], below)

    def post(self, call: Call) -> Answer:
        """One post, in the version whose id is asked for. A missing one is told in a 200."""
        post_id = call.where["id"]
        if post := self._found(post_id):
            return Answer(200, {"data": self._shown(call, _version(post, post_id))})
        problem = {
            "value": post_id,
            "detail": f"Could not find tweet with id: [{post_id}].",
            "title": "Not Found Error",
            "resource_type": "tweet",
            "parameter": "id",
            "resource_id": post_id,
            "type": f"{PROBLEMS}/resource-not-found",
        }
        return Answer(200, {"errors": [problem]})

    def search(self, call: Call) -> Answer:
        """Newest first, of seven days. This twin knows one operator."""
        asked = re.fullmatch(r"conversation_id:(\d+)", call.params["query"])
        if not asked:
            raise self.refuse(400, "The sandbox searches for a conversation_id alone.", f"{PROBLEMS}/invalid-request")
        since = self.state.now() - SEARCHED
        found = [p for p in self.state.posts if p.network == self.network and p.at >= since]
        token = call.params.get("next_token", call.params.get("pagination_token", 1 << 64))
        return self._page(call, [p for p in reversed(found) if self._root(p) == asked[1]], int(token))

    def _page(self, call: Call, posts: list[Post], below: int) -> Answer:
        posts = [post for post in posts if int(post.id) < below]
        size = int(call.params.get("max_results", "10"))
        page = posts[:size]
        meta: JsonObject = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if len(posts) > size:
            meta["next_token"] = page[-1].id
        answer: JsonObject = (
            {"data": [self._shown(call, _version(post, versions(post)[-1])) for post in page]} if page else {}
        )
        if page and "author_id" in call.params.get("expansions", "").split(","):
            answer["includes"] = {"users": [_user(name) for name in dict.fromkeys(post.account for post in page)]}
        return Answer(200, {**answer, "meta": meta})

    def _root(self, post: Post) -> str:
        """The id of the post that a conversation began with."""
        parent = next((p for p in self.state.kept if (p.network, p.id) == (self.network, post.parent)), None)
        return self._root(parent) if parent else versions(post)[0]

    def _found(self, post_id: str) -> Post | None:
        """The post that has, or had, this id."""
        own = (post for post in self.state.posts if post.network == self.network)
        return next((post for post in own if post_id in versions(post)), None)

    def alter(self, post: Post, text: str) -> None:
        """An edit is a post with an id of its own; under the old one the old words stay, with the ids of all."""
        post.data["versions"] = [*versions(post), self.state.number(SNOWFLAKE, 22)]
        super().alter(post, text)

    def _shown(self, call: Call, post: Post) -> JsonObject:
        """A post with the fields that were asked for."""
        asked = {*ALWAYS, *call.params.get("tweet.fields", "").split(",")}
        return {name: value for name, value in self._whole(post).items() if name in asked}

    def _whole(self, post: Post) -> JsonObject:
        text, urls = wrapped(post)
        entities = {"urls": urls, "hashtags": [_tag(span) for span in post.spans if span.kind == "tag"]}
        counts: dict[str, int] = {name: post.counts.get(ours, 0) for name, ours in METRICS.items()}
        shown: JsonObject = {
            "id": post.id,
            "text": text,
            "edit_history_tweet_ids": versions(post),
            "created_at": post.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "author_id": user_id(post.account),
            "conversation_id": self._root(post),
            "display_text_range": [post.data.get("from", 0), len(text)],
            "public_metrics": {**counts, "reply_count": len(self.state.answers(post))},
        }
        if any(entities.values()):
            shown["entities"] = {name: found for name, found in entities.items() if found}
        if post.parent:
            shown["referenced_tweets"] = [{"type": "replied_to", "id": post.parent}]
        return shown

    def answer(self, post: Post, author: str, text: str) -> Post:
        """X writes the name of whom it answers before it."""
        named = f"@{post.account} "
        answer = super().answer(post, author, named + text)
        answer.id = self.state.number(SNOWFLAKE, 22)
        answer.path = f"{self.profile(author)}/status/{answer.id}"
        answer.spans, answer.data = marked(answer.text, "twitter"), {"from": len(named)}
        return answer

    # --- words ---

    def failure(self, status: int, message: str, code: str = "") -> Answer:
        titles = {
            400: "Invalid Request",
            401: "Unauthorized",
            402: "CreditsDepleted",
            403: "Forbidden",
            404: "Not Found",
            429: "Too Many Requests",
        }
        title = titles.get(status, "Internal Server Error")
        return Answer(status, {"title": title, "detail": message, "type": code or "about:blank", "status": status})

    def forbidden(self) -> Answer:
        reason = "This app is not permitted to access this endpoint."
        return self.failure(403, reason, "https://api.x.com/2/problems/client-forbidden")

    def refusal(self) -> Answer:
        return self.failure(400, "media type unrecognized.")

    def rate(self, limit: int, remaining: int, reset: datetime) -> dict[str, str]:
        return {
            "x-rate-limit-limit": str(limit),
            "x-rate-limit-remaining": str(remaining),
            "x-rate-limit-reset": str(int(reset.timestamp())),
        }

    def profile(self, account: str) -> str:
        return f"/x/{account}"


def user_id(account: str) -> str:
    return str(int(hashlib.sha256(account.encode()).hexdigest()[:15], 16))


def versions(post: Post) -> list[str]:
    """The ids that a post has had, oldest first."""
    found: list[str] = post.data.get("versions", [post.id])
    return found


def _version(post: Post, post_id: str) -> Post:
    """A post as it was under one of its ids."""
    number = versions(post).index(post_id)
    if number == len(post.edits):
        return replace(post, id=post_id)
    text = post.edits[number]["text"]
    return replace(post, id=post_id, text=text, spans=marked(text, X.convention))


def _user(account: str) -> JsonObject:
    return {"id": user_id(account), "name": account, "username": account}


def wrapped(post: Post) -> tuple[str, list[JsonObject]]:
    """The text as the API gives it back, and its `entities.urls`: every link is a t.co one, pictures add one more, and
    `&`, `<` and `>` are escaped."""
    pieces, urls, position = [], [], 0
    for span in (span for span in post.spans if span.kind == "link"):
        pieces.append(html.escape(post.text[position : span.start], quote=False))
        position = span.end
        written = post.text[span.start : span.end]
        expanded = written if "://" in written else f"http://{written}"
        urls.append(_url(f"{post.id}{span.start}", sum(map(len, pieces)), expanded))
        pieces.append(urls[-1]["url"])
    pieces.append(html.escape(post.text[position:], quote=False))
    if post.media:
        pieces.append(" " if post.text else "")
        page = f"https://x.com/{post.account}/status/{post.id}/photo/1"
        added = [_url(f"{post.id}{m}", sum(map(len, pieces)), page) | {"media_key": f"3_{m}"} for m in post.media]
        same = [url | {"url": added[0]["url"], "end": added[0]["end"]} for url in added]
        urls += same
        pieces.append(same[0]["url"])
    return "".join(pieces), urls


def _url(seed: str, start: int, expanded: str) -> JsonObject:
    short = "https://t.co/" + hashlib.sha256(seed.encode()).hexdigest()[:10]
    shown = expanded.partition("://")[2].removeprefix("www.")
    return {
        "start": start,
        "end": start + len(short),
        "url": short,
        "expanded_url": expanded,
        "display_url": shown[:30],
    }


def _tag(span: Span) -> JsonObject:
    return {"start": span.start, "end": span.end, "tag": span.value}
