"""The containers of Meta's twins (Instagram, Threads): fetched, finished after a while, and published once within a day.

What publishing a container again is answered with is an assumption (`again`): no page of Meta's says it. Documented are the
states of a container, the day it lives, and the error for one that does not exist or has expired.
"""

from abc import abstractmethod
from datetime import timedelta
from typing import ClassVar

from presstime.model import JsonObject
from presstime.sandbox.calls import Answer, Call, Rejected
from presstime.sandbox.graph import MISSING, GraphTwin
from presstime.sandbox.state import Container, Media, Post
from presstime.sandbox.twin import film_type, picture_type

LIFE = timedelta(days=1)  # of a container, and the window of quotas


class ContainerTwin(GraphTwin):
    """A network that publishes containers, once each. The post has its container's id as its key."""

    status: ClassVar[tuple[str, str]]  # the names of a container's state, and of why
    gone: ClassVar[str]  # the code for a container that there is not
    again: ClassVar[str]  # the code for one that is published already: assumed
    quotas: ClassVar[dict[bool, int]]  # posts a day; for True, replies
    takes: ClassVar[dict[str, tuple[str, ...]]]  # kinds of file, by the parameter with their address

    def make(self, call: Call) -> Answer:
        """A new container. Its files are fetched now."""
        self.mine(call)
        made = Container(self.state.number(), call.account, self.state.now(), dict(call.body))
        if call.body.get("media_type") == "CAROUSEL":
            made.children = tuple(call.body["children"].split(","))
            made.media = tuple(item for child in made.children for item in self._child(call, child).media)
        self.check(call, made)
        for name in ("image_url", "video_url"):
            if name in call.body:
                self._take(call, made, name)
        if self.state.faults.take_processing(self.network, call.account):
            made.pending = 2
        self.state.containers[made.id] = made
        return Answer(200, {"id": made.id})

    @abstractmethod
    def check(self, call: Call, made: Container) -> None:
        """Raises `Rejected` for what the network refuses at once."""

    @abstractmethod
    def bad_file(self, call: Call, name: str) -> Rejected | str:
        """What comes of an address at which nothing was found that the network takes: refused at once, or an error of the
        container."""

    def _child(self, call: Call, child: str) -> Container:
        made = self.state.containers.get(child)
        if made is None or made.account != call.account or not made.params.get("is_carousel_item"):
            raise self.refuse(400, f"The child container {child} does not exist", self.gone)
        if self.state_of(made) != "FINISHED":
            raise self.refuse(400, "A child container is not ready", "9007/2207027")
        return made

    def _take(self, call: Call, made: Container, name: str) -> None:
        content = call.fetched.get(name)
        mime = content and (film_type(content) if name == "video_url" else picture_type(content))
        if content is None or not mime or mime not in self.takes[name]:
            problem = self.bad_file(call, name)
            if isinstance(problem, Rejected):
                raise problem
            made.error = problem
            return
        made.pending = int(name == "video_url")  # a film is encoded anew, after the answer
        media = Media(f"{made.id}0", self.network, call.account, mime, content, call.body.get("alt_text", ""))
        self.state.add_media(media)
        made.media = (media.id,)

    def published(self, made: Container) -> Post | None:
        """The post that came of a container, also one that was taken down since."""
        return next(
            (post for post in self.state.of(self.network, made.account, removed=True) if post.key == made.id), None
        )

    def state_of(self, made: Container) -> str:
        if self.published(made):
            return "PUBLISHED"
        if made.error:
            return "ERROR"
        if self.state.now() - made.at >= LIFE:
            return "EXPIRED"
        return "IN_PROGRESS" if made.pending else "FINISHED"

    def look(self, call: Call, made: Container) -> Answer:
        if made.account != call.account:
            raise self.refuse(400, MISSING.format("get", made.id), "100/33")
        made.pending = max(made.pending - 1, 0)
        state, why = self.status
        told = {state: self.state_of(made), why: made.error}
        return Answer(200, {"id": made.id, **{name: value for name, value in told.items() if value}})

    def publish(self, call: Call) -> Answer:
        self.mine(call)
        made = self.state.containers.get(call.body["creation_id"])
        if made is None or made.account != call.account or self.state_of(made) in ("EXPIRED", "ERROR"):
            raise self.refuse(
                400, f"The media with id {call.body['creation_id']} does not exist or has expired", self.gone
            )
        if known := self.published(made):
            return self.once_more(known)
        if made.pending:
            raise self.refuse(400, "The media is not ready for publishing, please wait for a moment", "9007/2207027")
        reply = "reply_to_id" in made.params
        if self.usage(call.account, reply) >= self.quotas[reply]:
            raise self.refuse(400, "You reached maximum number of posts that is allowed to be published", "9/2207042")
        post = self.posted(call, made)
        self.state.add(post)
        return Answer(200, {"id": post.id})

    def once_more(self, known: Post) -> Answer:
        """The answer to publishing what is published: never a second post."""
        raise self.refuse(400, f"The media builder with creation id = {known.key} does not exist", self.again)

    @abstractmethod
    def posted(self, call: Call, made: Container) -> Post:
        """The post that publishing a container makes."""

    def usage(self, account: str, reply: bool) -> int:
        """How many posts, or replies, went out within a day; those taken down since count, too."""
        oldest = self.state.now() - LIFE
        own = self.state.of(self.network, account, removed=True)
        return sum(1 for post in own if post.at > oldest and bool(post.parent) is reply)

    def quota(self, call: Call) -> Answer:
        self.mine(call)
        told: JsonObject = {}
        for reply, names in ((False, ("quota_usage", "config")), (True, ("reply_quota_usage", "reply_config"))):
            limits = {"quota_total": self.quotas.get(reply, 0), "quota_duration": int(LIFE.total_seconds())}
            told |= dict(zip(names, (self.usage(call.account, reply), limits), strict=True))
        return Answer(200, {"data": [{name: told[name] for name in call.params["fields"].split(",")}]})
