"""What the twins of Meta's networks share: nodes and edges, errors by number, limits told in minutes, containers.

What publishing a container again is answered with is an assumption (`again`): no page of Meta's says it. Documented are the
states of a container, the day it lives, and the error for one that does not exist or has expired.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from presstime.model import Json, JsonObject, Metric
from presstime.networks.graph import number
from presstime.sandbox.calls import Answer, Call, Rejected
from presstime.sandbox.state import Container, Media, Post
from presstime.sandbox.twin import Operation, Twin, film_type, picture_type

LIFE = timedelta(days=1)  # of a container, and the window of quotas
MISSING = "Unsupported {0} request. Object with ID '{1}' does not exist, cannot be loaded due to missing permissions, or does not support this operation."


class GraphTwin(Twin):
    """A network behind a Graph API: each account is a node with a number, and so is all that it posts."""

    version: ClassVar[str]
    busy: ClassVar[str]  # the code of a limit
    scopes: ClassVar[tuple[str, ...]]

    def at(
        self,
        method: str,
        path: str,
        name: str,
        run: Callable[[Call], Answer],
        visible: bool = False,
        fetches: tuple[str, ...] = (),
    ) -> Operation:
        """An operation below the API's version."""
        return Operation(method, f"/{self.version}{path}", name, run, visible, fetches=fetches)

    def mine(self, call: Call, node: str = "") -> None:
        """Raises `Rejected` unless the node whose edge is asked for is the caller's: its own, or one that nobody else has used,
        so that a newsroom's real ids may be tried."""
        asked = node or call.where["id"]
        owner = self.state.owners.setdefault((self.network, asked), call.account) if asked.isdigit() else ""
        if asked not in ("me", node_id(call.account)) and owner != call.account:
            raise self.refuse(400, MISSING.format(call.method.lower(), asked), "100/33")

    def own(self, call: Call) -> Post:
        """The caller's post of this id: that of another looks like one that is gone."""
        post = self.state.find(self.network, call.where["id"])
        if post is None or post.account != call.account:
            raise self.refuse(400, MISSING.format(call.method.lower(), call.where["id"]), "100/33")
        return post

    def page(self, call: Call, found: list[JsonObject]) -> Answer:
        """A page of results, with cursors and, if there are more, the address of the next."""
        start, size = int(call.params.get("after", "0")), int(call.params.get("limit", "25"))
        shown = found[start : start + size]
        paging: JsonObject = {"cursors": {"before": str(start), "after": str(start + size)}}
        if len(found) > start + size:
            paging["next"] = f"{call.base}{call.path}?after={start + size}&access_token={call.token}"
        return Answer(200, {"data": shown, **({"paging": paging} if shown else {})})

    def since(self, call: Call, posts: list[Post]) -> list[Post]:
        start = datetime.fromtimestamp(int(call.params.get("since", "0")), UTC)
        return [post for post in posts if post.at >= start]

    def below(self, post: Post) -> list[Post]:
        """What was answered to a post, and to those answers, by whomever, oldest first."""
        known, found = {post.id}, []
        for other in self.state.posts:
            if other.network == self.network and other.parent in known:
                known.add(other.id)
                found.append(other)
        return found

    def delete(self, call: Call) -> Answer:
        post = self.own(call)
        self.state.remove(post)
        return Answer(200, {"success": True, "deleted_id": post.id})

    def count(self, post: Post, metric: Metric) -> int:
        return len(self.below(post)) if metric is Metric.REPLIES else post.counts.get(metric.value, 0)

    def insights(self, call: Call, known: dict[str, Metric]) -> Answer:
        """Each metric in turn. One that there is not fails the whole call."""
        post, names = self.own(call), call.params["metric"].split(",")
        if unknown := [name for name in names if name not in known]:
            raise self.refuse(400, f"The value must be a valid insights metric: {', '.join(unknown)}", "100")
        counts = ((name, self.count(post, known[name])) for name in names)
        return Answer(
            200,
            {
                "data": [
                    {
                        "name": name,
                        "period": "lifetime",
                        "values": [{"value": count}],
                        "id": f"{post.id}/insights/{name}",
                    }
                    for name, count in counts
                ]
            },
        )

    def debug(self, call: Call) -> Answer:
        data = {"type": "USER", "is_valid": True, "scopes": list(self.scopes), "user_id": node_id(call.account)}
        ends = {"issued_at": 0, "expires_at": self.ends(), "data_access_expires_at": 0}
        return Answer(200, {"data": {**data, **ends, "application": "Sandbox", "app_id": "1"}})

    def ends(self) -> int:
        """When a token ends: seconds since 1970."""
        return int((self.state.now() + timedelta(days=60)).timestamp())

    # --- words ---

    def failure(self, status: int, message: str, code: str = "") -> Answer:
        """`code` may have its subcode behind a slash. Errors of the server itself are code 2."""
        whole, _, sub = (code or ("2" if status >= 500 else "100")).partition("/")
        said = message if whole in ("190", "2", "24") or sub.startswith("2207") else f"(#{whole}) {message}"
        error: JsonObject = {
            "message": said,
            "type": "OAuthException",
            "code": int(whole),
            "fbtrace_id": "AsandboxTrace",
        }
        if sub:
            error["error_subcode"] = int(sub)
        return Answer(status, {"error": {**error, "is_transient": number(whole) in (1, 2)}})

    def unauthorized(self) -> Answer:
        return self.failure(400, "Invalid OAuth access token - Cannot parse access token", "190")

    def expired(self) -> Answer:
        return self.failure(400, "Error validating access token: Session has expired", "190/463")

    def forbidden(self) -> Answer:
        return self.failure(403, "Requires a permission that this account has not granted, or has taken back", "200")

    def refusal(self) -> Answer:
        return self.failure(400, "Missing or invalid image file", "324")

    def limited(self, seconds: float) -> Answer:
        entry = {"type": self.network, "call_count": 100, "total_cputime": 25, "total_time": 25}
        usage = {"1": [{**entry, "estimated_time_to_regain_access": math.ceil(seconds / 60)}]}
        answer = self.failure(
            400, "There have been too many calls to this account. Wait a bit and try again.", self.busy
        )
        return Answer(400, answer.body, {"X-Business-Use-Case-Usage": json.dumps(usage)})

    def rate(self, limit: int, remaining: int, reset: datetime) -> dict[str, str]:
        share = 100 * (limit - remaining) // limit
        return {"X-App-Usage": json.dumps({"call_count": share, "total_cputime": 0, "total_time": 0})}

    def profile(self, account: str) -> str:
        return f"/{self.network}/{account}"


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

    def check(self, call: Call, made: Container) -> None:
        """Raises `Rejected` for what the network refuses at once."""
        raise NotImplementedError

    def bad_file(self, call: Call, name: str) -> Rejected | str:
        """What comes of an address at which nothing was found that the network takes: refused at once, or an error of the
        container."""
        raise NotImplementedError

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

    def posted(self, call: Call, made: Container) -> Post:
        raise NotImplementedError

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


def node_id(account: str) -> str:
    """The number of an account's node."""
    return str(10**16 + int(hashlib.sha256(account.encode()).hexdigest()[:13], 16))


def chosen(call: Call, whole: JsonObject) -> JsonObject:
    """A node with the fields that were asked for, and its id. What it has not is left out."""
    names = {"id", *(re.split(r"[{.]", part)[0] for part in call.params.get("fields", "").split(","))}
    return {name: value for name, value in whole.items() if name in names and value is not None}


def stamp(at: datetime) -> Json:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
