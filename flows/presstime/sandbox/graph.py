"""What the twins of Meta's networks share: nodes and edges, errors by number, limits told in minutes."""

import hashlib
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from presstime.model import Json, JsonObject, Metric
from presstime.networks.graph import number
from presstime.sandbox.calls import Answer, Call
from presstime.sandbox.state import Post
from presstime.sandbox.twin import Operation, Twin

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


def node_id(account: str) -> str:
    """The number of an account's node."""
    return str(10**16 + int(hashlib.sha256(account.encode()).hexdigest()[:13], 16))


def chosen(call: Call, whole: JsonObject) -> JsonObject:
    """A node with the fields that were asked for, and its id. What it has not is left out."""
    names = {"id", *(re.split(r"[{.]", part)[0] for part in call.params.get("fields", "").split(","))}
    return {name: value for name, value in whole.items() if name in names and value is not None}


def stamp(at: datetime) -> Json:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
