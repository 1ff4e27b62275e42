"""The timelines as pages for people, server-rendered; receipts' addresses lead here."""

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from presstime.model import JsonObject, from_iso
from presstime.sandbox.state import Post, State
from presstime.sandbox.twin import Twin, film_type, picture_type
from presstime.web.looks import Look, folded, look_of, part
from presstime.web.marks import hue, initials, words

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

PAGE = 60  # threads on a page
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A post with what its card needs. `words` are those before the network's fold, `rest` those behind it; `earlier` the texts
    it had before, each with until when; `acts` what readers may press, with what is counted of it."""

    post: Post
    words: "Markup"
    rest: "Markup"
    look: Look
    acts: list[tuple[str, int | None]]
    media: list[JsonObject]
    profile: str
    network: str
    hue: int
    initials: str
    earlier: list[tuple[datetime, str]]


def routes(state: State, twins: Sequence[Twin]) -> list[Route]:
    """The pages: `/`, one per network, per account and per post, and the media they show."""
    shelf = Shelf(state, twins)
    return [
        Route("/", shelf.timeline),
        Route("/_sandbox/media/{id}", shelf.media),
        *(Route(f"/{twin.network}", shelf.timeline, name=twin.network) for twin in twins),
        *(Route(f"/{twin.network}/{{rest:path}}", shelf.inner, name=f"{twin.network}-page") for twin in twins),
    ]


class Shelf:
    """Posts, arranged for reading."""

    def __init__(self, state: State, twins: Sequence[Twin]) -> None:
        self.state = state
        self.twins = {twin.network: twin for twin in twins}

    async def timeline(self, request: Request) -> Response:
        network = request.url.path.strip("/") or None
        posts = [post for post in self.state.kept if network in (None, post.network) and not post.hidden]
        return self._page(request, posts, network=network)

    async def inner(self, request: Request) -> Response:
        """An account's timeline, or a post with its thread."""
        path = request.url.path.rstrip("/")
        network = path.split("/")[1]
        one = self._found(network, path)
        if one:
            thread = next(thread for thread in self.threads(self.state.kept) if one in thread)
            return self._page(request, thread, network=network, account=one.account, one=one)
        own = [p for p in self.state.kept if p.network == network and self._profile(p) == path]
        if not own:
            return _html("missing.html", {"path": path, "twins": self.twins.values()}, 404)
        return self._page(request, own, network=network, account=own[0].account)

    def _found(self, network: str, path: str) -> Post | None:
        """The post of a page: the newest, where an id was given again. As on X itself, the id decides where the name before it
        is another."""
        own = [post for post in reversed(self.state.kept) if post.network == network]
        exact = next((post for post in own if post.path == path), None)
        return exact or next((post for post in own if path.endswith(f"/status/{post.id}")), None)

    async def media(self, request: Request) -> Response:
        found = self.state.media.get(request.path_params["id"])
        if found is None:
            return Response("no such media", 404)
        mime = (
            picture_type(found.content) or film_type(found.content) or "application/octet-stream"
        )  # never as what the client said it is
        return Response(found.content, media_type=mime, headers={"X-Content-Type-Options": "nosniff"})

    def _page(
        self,
        request: Request,
        posts: list[Post],
        network: str | None,
        account: str | None = None,
        one: Post | None = None,
    ) -> Response:
        number = _number(request.query_params.get("page"))
        threads = self.threads(posts)
        chosen = threads[(number - 1) * PAGE : number * PAGE]
        return _html(
            "timeline.html",
            {
                "threads": [[self._shown(post) for post in thread] for thread in chosen],
                "networks": [(twin, self._count(twin.network)) for twin in self.twins.values()],
                "accounts": self._accounts(network),
                "network": network,
                "account": account,
                "one": one,
                "raw": self._raw(one) if one else "",
                "older": number + 1 if len(threads) > number * PAGE else None,
                "newer": number - 1 if number > 1 else None,
                "base": f"{request.url.scheme}://{request.url.netloc}",
                "state": self.state,
                "title": self.twins[network].title if network else "Every network",
                "stamp": _stamp(posts),
            },
        )

    def threads(self, posts: Sequence[Post]) -> list[list[Post]]:
        """Posts with their answers, oldest first within a thread; the thread with the newest post first."""
        threads: list[list[Post]] = []
        known: dict[tuple[str, str | None], list[Post]] = {}
        for post in posts:
            thread = known.get((post.network, post.parent))
            if thread is None:
                threads.append(thread := [])
            thread.append(post)
            known[(post.network, post.id)] = thread
        return sorted(threads, key=lambda thread: max(post.at for post in thread), reverse=True)

    def _shown(self, post: Post) -> Shown:
        media = [
            {"url": f"/_sandbox/media/{m.id}", "alt": m.alt, "film": m.mime.startswith("video/")}
            for m in self.state.media_of(post)
        ]
        title, look = self.twins[post.network].title, look_of(post.network)
        fold, end = folded(post.text, post.spans, look.fold), len(post.text)
        return Shown(
            post,
            words(post.text[:fold], part(post.spans, 0, fold)),
            words(post.text[fold:], part(post.spans, fold, end)),
            look,
            [(act, post.counts.get(metric) if metric else None) for act, metric in look.acts],
            media,
            self._profile(post),
            title,
            hue(post.account),
            initials(post.account),
            [(from_iso(edit["until"]), edit["text"]) for edit in post.edits],
        )

    def _raw(self, post: Post) -> str:
        return json.dumps(self.state.describe(post) | {"kept": post.data}, ensure_ascii=False, indent=2)

    def _profile(self, post: Post) -> str:
        return self.twins[post.network].profile(post.account)

    def _count(self, network: str) -> int:
        return sum(post.network == network for post in self.state.posts)

    def _accounts(self, network: str | None) -> list[tuple[str, str, str, int]]:
        """Network, account, page and number of posts of each account shown here."""
        counts: dict[tuple[str, str, str], int] = {}
        for post in self.state.posts:
            if network in (None, post.network):
                key = (post.network, post.account, self._profile(post))
                counts[key] = counts.get(key, 0) + 1
        return [(*key, count) for key, count in sorted(counts.items())]


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() and 0 < int(text) < 1_000_000 else 1


def _stamp(posts: Sequence[Post]) -> str:
    """Changes when what the page shows does."""
    seen = [f"{post.id} {post.text} {len(post.media)} {len(post.edits)} {post.removed}" for post in posts]
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]


def _html(template: str, context: JsonObject, status: int = 200) -> Response:
    """A page that may load nothing from elsewhere, and run nothing but its own script."""
    nonce = secrets.token_urlsafe(12)
    body = _environment().get_template(template).render(nonce=nonce, **context)
    policy = f"default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'"
    return HTMLResponse(body, status, {"Content-Security-Policy": policy, "Cache-Control": "no-store"})


@cache
def _environment() -> "Environment":
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("presstime.sandbox", "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
