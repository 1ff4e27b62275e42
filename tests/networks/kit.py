"""Benches: an adapter against its twin over HTTP, against a folder, or in memory."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from presstime.model import Attachment, Channel, JsonObject, Metric, Secret
from presstime.networks import load
from presstime.networks.base import Adapter
from presstime.sandbox import google_business, linkedin
from presstime.sandbox.graph import node_id
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.state import Media
from presstime.sandbox.twin import name_of

RUN = itertools.count()
OPTIONS: Mapping[str, JsonObject] = {"pinterest": {"board": "1001"}}  # what a channel of a network must have
# Networks whose channels name their account otherwise than the sandbox does.
ACCOUNTS = {
    "facebook": node_id,
    "google_business": google_business.location,
    "instagram": node_id,
    "linkedin": linkedin.organization,
    "linkedin_member": linkedin.person,
}
NAMED = ("telegram", "bluesky")  # whose requests name the account: elsewhere it is the token's


class SandboxBench:
    """A network's twin over real HTTP. Accounts are numbered, so that a parametrized test begins with an empty one."""

    def __init__(self, server: SandboxServer, network: str) -> None:
        self.server, self.network, self.run = server, network, next(RUN)

    def channel(self, account: str) -> Channel:
        return self._channel(self.named(account))

    def _channel(self, name: str) -> Channel:
        base_url, options = f"{self.server.url}/{self.network}", OPTIONS.get(self.network, {})
        return Channel(
            "channel", self.network, base_url, account=ACCOUNTS.get(self.network, str)(name), options=options
        )

    def named(self, account: str) -> str:
        """The account's name on the network: a handle, a chat, or a user."""
        name = f"r{self.run}-{account}"
        return f"@r{self.run}_{account.partition('.')[0].replace('-', '_')}" if self.network == "telegram" else name

    def adapter(self, account: str, token: str | None = None) -> Adapter:
        value = token or f"sandbox-{self.named(account)}"
        name = name_of(value) if self.network in ACCOUNTS else self.named(account)
        adapter = load(self.network)(self._channel(name), Secret(value))
        assert isinstance(adapter, Adapter)
        if adapter.traits.public_media:
            adapter.address_of = self.address_of
        return adapter

    def address_of(self, item: Attachment, content: bytes) -> str:
        """Where the twin finds a file: the sandbox serves it, as a bucket would."""
        self.server.state.add_media(Media(item.digest, self.network, "", item.mime, content))
        return f"{self.server.url}/_sandbox/media/{item.digest}"

    def fault(self, account: str, kind: str, token: str | None = None, **more: Any) -> None:
        named = self.named(account).removeprefix("@")
        name = name_of(token) if token and self.network not in NAMED else named
        self.server.state.faults.add({"network": self.network, "kind": kind, "account": name, **more})

    def answer(self, account: str, post_id: str, author: str, text: str) -> None:
        self._readers(post_id, {"author": author, "text": text})

    def count(self, account: str, post_id: str, counts: Mapping[Metric, int]) -> None:
        self._readers(post_id, {"counts": counts})

    def alter(self, account: str, post_id: str, text: str) -> None:
        self._by_hand(post_id, {"text": text})

    def remove(self, account: str, post_id: str) -> None:
        self._by_hand(post_id, {"removed": True})

    def _by_hand(self, post_id: str, said: dict[str, Any]) -> None:
        answer = httpx.post(f"{self.server.url}/_sandbox/posts", json={"network": self.network, "id": post_id, **said})
        assert answer.status_code == 200, answer.text

    def _readers(self, post_id: str, said: dict[str, Any]) -> None:
        answer = httpx.post(
            f"{self.server.url}/_sandbox/readers", json={"network": self.network, "id": post_id, **said}
        )
        assert answer.status_code == 200, answer.text

    def posts(self, account: str) -> Sequence[dict[str, Any]]:
        state, name = self.server.state, self.named(account).removeprefix("@")
        own = [post for post in state.posts if (post.network, post.account) == (self.network, name)]
        return [
            {
                "id": str(post.data["message_id"]) if self.network == "telegram" else post.id,
                "text": post.text,
                "alts": [media.alt for media in state.media_of(post)],
                "kinds": [media.mime for media in state.media_of(post)],
                "card": post.card,
                "parent": post.parent
                and (post.parent.rpartition("/")[2] if self.network == "telegram" else post.parent),
                "links": {post.text[s.start : s.end]: s.value for s in post.spans if s.kind == "link"},
            }
            for post in own
        ]
