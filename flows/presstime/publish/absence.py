"""Why a delivery of the log is not wanted any more, as far as the commit tells: a file that is gone is another thing than one
that cannot be read just now."""

from collections.abc import Callable
from dataclasses import dataclass

from presstime.content.newsroom import Newsroom
from presstime.model import DeliveryState, Post
from presstime.plan import Gone


@dataclass(frozen=True)
class Absence:
    """Looks for what became of posts in one commit. Only what is certain takes anything down."""

    newsroom: Newsroom
    ahead: Callable[[str], bool | None] = lambda commit: False  # see `Repository.lies_ahead`

    def of(self, state: DeliveryState) -> Gone:
        """Why Git does not want this delivery."""
        posts = self.newsroom.loaded
        post = posts.of_id(state.delivery.post)
        if post is not None:
            return self._of_post(post, state)
        if state.delivery.occurrence != "once":
            return Gone("")  # a post that repeats no more takes back nothing of what it said
        if posts.knows(state.delivery.post):
            return Gone("its file has problems (see `presstime check`)")
        if state.path and self.newsroom.source.find(state.path) is not None:
            return Gone(f"{state.path} is there, but is not that post any more")
        if moved := posts.of_blob(state.origin.get("blob", "")):
            return Gone(f"its file is now {moved.path}, with the id {moved.id!r}")
        if unread := posts.unread:
            return Gone(f"its file is gone, or is one of those that cannot be read ({unread})")
        if state.commit and self.ahead(state.commit) is None:
            commit = state.commit[:12]
            return Gone(f"its file is not in this commit, and commit {commit}, which it was planned from, is not here")
        return Gone("its file was removed", retract=True)

    def _of_post(self, post: Post, state: DeliveryState) -> Gone:
        if post.status == "retracted":
            return Gone(f"{post.path} says `status: retracted`", retract=True, asked=True, path=post.path)
        if post.status == "draft":
            return Gone(f"{post.path} is a draft now (`status: retracted` takes it down)")
        if state.delivery.occurrence != "once":
            return Gone("")  # an earlier occurrence, or one of a rule that has changed
        return Gone(f"{post.path} does not name this channel any more")
