"""Instagram's twin: containers that are fetched, finished and published once, the day's quota, and comments."""

from typing import ClassVar

from presstime.networks.instagram import METRICS, TRAITS
from presstime.networks.instagram import Instagram as Adapter
from presstime.sandbox.calls import Answer, Call, Rejected
from presstime.sandbox.containers import ContainerTwin
from presstime.sandbox.graph import chosen, node_id, stamp
from presstime.sandbox.state import Container, Post
from presstime.sandbox.twin import Operation, marked, picture_type, too_long

LARGEST = 8 * 1024 * 1024  # bytes of a picture


class Instagram(ContainerTwin):
    network = "instagram"
    version = Adapter.version
    prefix = f"/{version}/"
    uploads = f"/{version}/*/media"
    title = "Instagram"
    busy = "80002"
    status = ("status_code", "status")
    gone = again = "24/2207008"
    quotas: ClassVar[dict[bool, int]] = {False: 100}
    takes: ClassVar[dict[str, tuple[str, ...]]] = {
        "image_url": ("image/jpeg",),
        "video_url": ("video/mp4", "video/quicktime"),
    }

    def operations(self) -> list[Operation]:
        return [
            self.at("POST", "/{id}/media", "createContainer", self.make, fetches=("image_url", "video_url")),
            self.at("POST", "/{id}/media_publish", "publishContainer", self.publish, visible=True),
            self.at("GET", "/{id}/content_publishing_limit", "getQuota", self.quota),
            self.at("GET", "/{id}/media", "getMedia", self.media),
            self.at("GET", "/{id}/insights", "getInsights", lambda call: self.insights(call, METRICS)),
            self.at("GET", "/{id}/comments", "getComments", self.comments),
            self.at("GET", "/{id}", "getNode", self.get),
        ]

    def check(self, call: Call, made: Container) -> None:
        kind, text = call.body.get("media_type"), call.body.get("caption", "")
        if kind == "CAROUSEL" and not 2 <= len(made.children) <= 10:
            raise self.refuse(400, "Carousels need at least 2 photos/videos and no more than 10", "100/2207028")
        if kind != "CAROUSEL" and not {"image_url", "video_url"} & call.body.keys():
            raise self.refuse(400, "The parameter image_url is required", "100")
        if too_long(text, TRAITS.text):
            raise self.refuse(400, f"The submitted image's caption was {len(text)} characters long.", "36004/2207010")

    def bad_file(self, call: Call, name: str) -> Rejected | str:
        content = call.fetched.get(name)
        if content is None:
            return self.refuse(400, f"The media could not be fetched from this uri: {call.body[name]}", "9004/2207052")
        if name == "video_url":
            return "2207026"  # a film's format is looked at later
        kind = picture_type(content) or "unknown"
        return self.refuse(
            400, f"The image format {kind} is not supported. Supported formats are: JPEG.", "36001/2207005"
        )

    def refusal(self) -> Answer:
        return self.failure(400, "The image format is not supported. Supported formats are: JPEG.", "36001/2207005")

    def posted(self, call: Call, made: Container) -> Post:
        text, post_id = made.params.get("caption", ""), self.state.number()
        path = f"/instagram/{call.account}/p/{post_id}"
        post = Post(self.network, post_id, call.account, text, self.state.now(), path, media=made.media, key=made.id)
        post.spans = tuple(span for span in marked(text, "mastodon") if span.kind != "link")
        return post

    def alter(self, post: Post, text: str) -> None:
        super().alter(post, text)
        post.spans = tuple(span for span in marked(text, "mastodon") if span.kind != "link")
        self.state.save(post)

    def media(self, call: Call) -> Answer:
        self.mine(call)
        posts = self.since(call, list(self.state.of(self.network, call.account)))
        return self.page(call, [self._shown(call, post) for post in posts])

    def get(self, call: Call) -> Answer:
        """An account, a container or a post: all are nodes."""
        if call.where["id"] in ("me", node_id(call.account)):
            return Answer(200, chosen(call, {"id": node_id(call.account), "username": call.account}))
        made = self.state.containers.get(call.where["id"])
        return self.look(call, made) if made else Answer(200, self._shown(call, self.own(call)))

    def _shown(self, call: Call, post: Post) -> dict[str, object]:
        link = f"{call.base}{post.path.removeprefix('/instagram')}/"
        return chosen(
            call,
            {"id": post.id, "caption": post.text or None, "permalink": link, "timestamp": stamp(post.at)},
        )

    def comments(self, call: Call) -> Answer:
        """Comments, newest first, each with the answers to it."""
        post = self.own(call)
        found = self.below(post)
        below = {said.id: [{**_comment(a)} for a in found if a.parent == said.id] for said in found}
        return self.page(
            call,
            [
                {**_comment(said), **({"replies": {"data": below[said.id]}} if below[said.id] else {})}
                for said in reversed(found)
                if said.parent == post.id
            ],
        )


def _comment(said: Post) -> dict[str, object]:
    return {"id": said.id, "text": said.text, "username": said.account, "timestamp": stamp(said.at)}
