"""Threads' twin: containers of words, pictures and films, published once each; posts and replies apart, as they are there."""

from collections.abc import Mapping
from typing import ClassVar

from presstime.model import JsonObject
from presstime.networks.threads import METRICS, TRAITS
from presstime.networks.threads import Threads as Adapter
from presstime.sandbox.calls import Answer, Call, Rejected
from presstime.sandbox.containers import ContainerTwin
from presstime.sandbox.graph import chosen, node_id, stamp
from presstime.sandbox.state import Container, Post
from presstime.sandbox.twin import Operation, marked, too_long

LINKS = 5  # in one post


class Threads(ContainerTwin):
    network = "threads"
    version = Adapter.version
    prefix = f"/{version}/"
    uploads = f"/{version}/*/threads"
    title = "Threads"
    convention = "mastodon"
    busy = "4"
    scopes: ClassVar[tuple[str, ...]] = (
        *Adapter.needed,
        "threads_delete",
        "threads_manage_insights",
        "threads_read_replies",
    )
    status = ("status", "error_message")
    gone = again = "24/4279009"
    quotas: ClassVar[dict[bool, int]] = {False: 250, True: 1000}
    takes: ClassVar[dict[str, tuple[str, ...]]] = {
        "image_url": ("image/jpeg", "image/png"),
        "video_url": ("video/mp4", "video/quicktime"),
    }

    def token(self, headers: Mapping[str, str], given: Mapping[str, str]) -> str:
        return str(given.get("access_token", ""))

    def operations(self) -> list[Operation]:
        return [
            self.at("GET", "/me", "getAccount", self.me),
            self.at("GET", "/debug_token", "debugToken", self.debug),
            self.at("POST", "/{id}/threads", "createContainer", self.make, fetches=("image_url", "video_url")),
            self.at("POST", "/{id}/threads_publish", "publishContainer", self.publish, visible=True),
            self.at("GET", "/{id}/threads_publishing_limit", "getQuota", self.quota),
            self.at("GET", "/{id}/threads", "getPosts", self.threads),
            self.at("GET", "/{id}/replies", "getReplies", self.replies),
            self.at("GET", "/{id}/insights", "getInsights", lambda call: self.insights(call, METRICS)),
            self.at("GET", "/{id}", "getNode", self.get),
            self.at("DELETE", "/{id}", "deletePost", self.delete, visible=True),
        ]

    def me(self, call: Call) -> Answer:
        return Answer(200, chosen(call, {"id": node_id(call.account), "username": call.account}))

    def check(self, call: Call, made: Container) -> None:
        kind, text, parent = call.body["media_type"], call.body.get("text", ""), call.body.get("reply_to_id")
        if kind == "TEXT" and not text.strip():
            raise self.refuse(400, "The parameter text is required", "100")
        if kind != "TEXT" and "link_attachment" in call.body:
            raise self.refuse(400, "link_attachment can only be used with text posts", "100")
        if kind == "CAROUSEL" and not 2 <= len(made.children) <= 20:
            raise self.refuse(400, "A carousel needs between 2 and 20 children", "100")
        if too_long(text, TRAITS.text):
            raise self.refuse(400, f"Param text must be at most {TRAITS.text.limit} characters long.", "100")
        links = {span.value for span in marked(text, "mastodon") if span.kind == "link"}
        if len(links | {call.body.get("link_attachment", "")} - {""}) > LINKS:
            raise self.refuse(400, f"There are more than {LINKS} links", "100")
        if parent and not self.state.find(self.network, parent):
            raise self.refuse(400, f"The media with id {parent} cannot be found", self.gone)

    def bad_file(self, call: Call, name: str) -> Rejected | str:
        return "FAILED_DOWNLOADING_VIDEO" if name == "video_url" else "UNKNOWN"

    def posted(self, call: Call, made: Container) -> Post:
        text, post_id = made.params.get("text", ""), self.state.number()
        post = Post(
            self.network,
            post_id,
            call.account,
            text,
            self.state.now(),
            f"/threads/@{call.account}/post/{post_id}",
            spans=marked(text, "mastodon"),
            media=made.media,
            parent=made.params.get("reply_to_id"),
            key=made.id,
            data={"topic_tag": made.params.get("topic_tag")},
        )
        if link := made.params.get("link_attachment"):
            post.card = {"url": link, "title": "", "description": "", "thumb": None}
        return post

    def threads(self, call: Call) -> Answer:
        """The account's posts, newest first, without its replies."""
        self.mine(call)
        own = [post for post in self.state.of(self.network, call.account) if not post.parent]
        return self.page(call, [self._shown(call, post) for post in self.since(call, own)])

    def replies(self, call: Call) -> Answer:
        """Of an account: what it answered. Of a post: the answers to it, the account's own among them. Newest first."""
        if call.where["id"] in ("me", node_id(call.account)):
            own = [post for post in self.state.of(self.network, call.account) if post.parent]
            return self.page(call, [self._shown(call, post) for post in self.since(call, own)])
        known = self.own(call).id
        found = [post for post in reversed(self.state.posts) if (post.network, post.parent) == (self.network, known)]
        return self.page(call, [self._shown(call, post) for post in found])

    def get(self, call: Call) -> Answer:
        """A container or a post: both are nodes."""
        made = self.state.containers.get(call.where["id"])
        return self.look(call, made) if made else Answer(200, self._shown(call, self.own(call)))

    def _shown(self, call: Call, post: Post) -> JsonObject:
        return chosen(
            call,
            {
                "id": post.id,
                "text": post.text or None,
                "username": post.account,
                "permalink": f"{call.base}{post.path.removeprefix('/threads')}",
                "timestamp": stamp(post.at),
                "replied_to": {"id": post.parent} if post.parent else None,
                "is_reply_owned_by_me": post.account == call.account,
            },
        )

    def profile(self, account: str) -> str:
        return f"/threads/@{account}"
