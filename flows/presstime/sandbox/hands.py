"""What somebody does to a post on the network itself, behind the publisher's back: it says something else, or is gone. For trying
out drift, from a post's page or by a request."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from presstime.sandbox.calls import read_body
from presstime.sandbox.state import State
from presstime.sandbox.twin import Twin

FORM = "application/x-www-form-urlencoded"


def route(state: State, twins: Sequence[Twin]) -> Route:
    """`POST /_sandbox/posts` with `{"network", "id", "text"}` changes a post's words, with `{"network", "id", "removed": true}`
    it is gone. A form of the same fields leads back to the post's page."""

    async def by_hand(request: Request) -> Response:
        if request.headers.get("origin", _origin(request)) != _origin(request):
            return JSONResponse({"error": "this is for the sandbox's own pages"}, 403)
        mime = request.headers.get("content-type", "")
        said, _ = read_body(mime, await request.body())
        if not isinstance(said, dict) or not {"text", "removed"} & said.keys():
            return JSONResponse({"error": "say which post (network, id), and its new text, or removed"}, 400)
        twin = next((twin for twin in twins if twin.network == said.get("network")), None)
        post = state.find(twin.network, str(said.get("id"))) if twin else None
        if twin is None or post is None:
            return JSONResponse({"error": "there is no such post"}, 404)
        if said.get("removed"):
            state.remove(post)
        else:
            twin.alter(post, str(said["text"]).replace("\r\n", "\n"))
        return RedirectResponse(post.path, 303) if mime.startswith(FORM) else JSONResponse(state.describe(post))

    return Route("/_sandbox/posts", by_hand, methods=["POST"])


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
