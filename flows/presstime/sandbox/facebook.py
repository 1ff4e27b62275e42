"""Facebook's twin: Pages of the Graph API, with unpublished photos, comments, and the refusal of a text posted twice running."""

from typing import ClassVar

from presstime.model import JsonObject, Metric
from presstime.networks.facebook import INSIGHTS, TRAITS
from presstime.networks.facebook import Facebook as Adapter
from presstime.sandbox.calls import Answer, Call
from presstime.sandbox.graph import GraphTwin, chosen, node_id, stamp
from presstime.sandbox.state import Media, Post
from presstime.sandbox.twin import Operation, marked, picture_type, too_long

LARGEST = 4_000_000  # bytes of a photo


class Facebook(GraphTwin):
    network = "facebook"
    version = Adapter.version
    prefix = f"/{version}/"
    uploads = f"/{version}/*/photos"
    title = "Facebook"
    convention = "mastodon"
    busy = "80001"
    scopes: ClassVar[tuple[str, ...]] = ("pages_show_list", *Adapter.needed, "pages_read_user_content")

    def operations(self) -> list[Operation]:
        return [
            self.at("GET", "/me", "getPage", self.me),
            self.at("GET", "/debug_token", "debugToken", self.debug),
            self.at("POST", "/{id}/photos", "uploadPhoto", self.upload),
            self.at("POST", "/{id}/feed", "createPost", self.create, visible=True),
            self.at("GET", "/{id}/published_posts", "getPosts", self.published),
            self.at("GET", "/{id}/insights", "getInsights", lambda call: self.insights(call, INSIGHTS)),
            self.at("GET", "/{id}/comments", "getComments", self.comments),
            self.at("GET", "/{id}", "getPost", self.get),
            self.at("POST", "/{id}", "updatePost", self.update, visible=True),
            self.at("DELETE", "/{id}", "deletePost", self.delete, visible=True),
        ]

    def me(self, call: Call) -> Answer:
        page = {"id": node_id(call.account), "name": call.account, "link": f"{call.base}/{call.account}"}
        return Answer(200, chosen(call, page))

    def ends(self) -> int:
        return 0  # a Page token of a long-lived user token has no end

    def upload(self, call: Call) -> Answer:
        self.mine(call)
        content = call.files["source"].content
        mime = picture_type(content)
        if mime is None or len(content) > LARGEST:
            raise self.refuse(400, "Missing or invalid image file", "324")
        media = Media(
            self.state.number(), self.network, call.account, mime, content, call.body.get("alt_text_custom", "")
        )
        self.state.add_media(media)
        return Answer(200, {"id": media.id})

    def create(self, call: Call) -> Answer:
        self.mine(call)
        text, link = call.body.get("message", ""), call.body.get("link")
        media = tuple(self._photo(call, item["media_fbid"]) for item in call.body.get("attached_media", []))
        if not text.strip() and not media and not link:
            raise self.refuse(400, "The post is empty. Please enter a message to share.", "100")
        self._check(text)
        newest = next(self.state.of(self.network, call.account), None)
        if newest and (newest.text, len(newest.media)) == (text, len(media)) and text:
            raise self.refuse(400, "Duplicate status message", "506")
        post_id = f"{node_id(call.account)}_{self.state.number()}"
        path = f"/facebook/{call.account}/posts/{post_id}"
        post = Post(self.network, post_id, call.account, text, self.state.now(), path, marked(text, "mastodon"), media)
        post.card = {"url": link, "title": "", "description": "", "thumb": None} if link else None
        self.state.add(post)
        return Answer(200, {"id": post_id})

    def _photo(self, call: Call, photo: str) -> str:
        media = self.state.media.get(photo)
        if media is None or media.account != call.account:
            raise self.refuse(400, f"Object with ID '{photo}' does not exist", "100/33")
        return media.id

    def _check(self, text: str) -> None:
        if too_long(text, TRAITS.text):
            raise self.refuse(400, "The parameter message is too long", "100")

    def update(self, call: Call) -> Answer:
        post, text = self.own(call), call.body["message"]
        self._check(text)
        if text != post.text:
            self.state.edit(post, text, marked(text, "mastodon"), post.media)
        return Answer(200, {"success": True})

    def published(self, call: Call) -> Answer:
        self.mine(call)
        posts = self.since(call, list(self.state.of(self.network, call.account)))
        return self.page(call, [chosen(call, self._shown(call, post)) for post in posts])

    def get(self, call: Call) -> Answer:
        return Answer(200, chosen(call, self._shown(call, self.own(call))))

    def _shown(self, call: Call, post: Post) -> JsonObject:
        sums = {
            name: {"data": [], "summary": {"total_count": self.count(post, metric)}}
            for name, metric in (("reactions", Metric.LIKES), ("comments", Metric.REPLIES))
        }
        shares = self.count(post, Metric.SHARES)
        photos: list[JsonObject] = [{"type": "photo"} for _ in post.media]
        whole = [{"type": "album", "subattachments": {"data": photos}}] if len(photos) > 1 else photos
        shown = [{"type": "share"}] if post.card else whole
        return {
            "id": post.id,
            "message": post.text or None,
            "created_time": stamp(post.at),
            "permalink_url": f"{call.base}{post.path.removeprefix('/facebook')}",
            "attachments": {"data": shown} if shown else None,
            "shares": {"count": shares} if shares else None,
            **sums,
        }

    def comments(self, call: Call) -> Answer:
        """All levels, as the filter `stream` has it; oldest first."""
        post = self.own(call)
        return self.page(
            call,
            [
                chosen(
                    call,
                    {
                        "id": said.id,
                        "message": said.text,
                        "from": {"id": node_id(said.account), "name": said.account},
                        "created_time": stamp(said.at),
                        "permalink_url": f"{call.base}{said.path.removeprefix('/facebook')}",
                        "parent": {"id": said.parent} if said.parent != post.id else None,
                    },
                )
                for said in self.below(post)
            ],
        )
