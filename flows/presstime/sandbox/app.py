"""The sandbox as one web application: every twin under its own prefix, its pages, and what tests and people ask of it."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from presstime.errors import UsageError
from presstime.model import JsonObject, Metric
from presstime.sandbox import contracts, hands, oauth, pages
from presstime.sandbox.bluesky import Bluesky
from presstime.sandbox.calls import Answer, Call, Rejected, read_body
from presstime.sandbox.cut import cut
from presstime.sandbox.facebook import Facebook
from presstime.sandbox.faults import Fault
from presstime.sandbox.google_business import GoogleBusiness
from presstime.sandbox.instagram import Instagram
from presstime.sandbox.linkedin import LinkedIn, LinkedInMember
from presstime.sandbox.mastodon import Mastodon
from presstime.sandbox.pinterest import Pinterest
from presstime.sandbox.state import State, summary
from presstime.sandbox.telegram import Telegram
from presstime.sandbox.threads import Threads
from presstime.sandbox.twin import Operation, Twin
from presstime.sandbox.x import X

TWINS: Sequence[type[Twin]] = (
    Bluesky,
    Mastodon,
    X,
    Telegram,
    Facebook,
    Instagram,
    Threads,
    Pinterest,
    LinkedIn,
    LinkedInMember,
    GoogleBusiness,
)
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
NO_HTTPS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # it trusts nobody, and costs no time to make
FETCH = 5.0  # seconds for a file that a network fetches
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(state: State) -> Starlette:
    """The application over a state. It serves on whatever port it is given; addresses it hands out follow the request."""
    twins = [twin(state) for twin in TWINS]
    apis = [route for twin in twins for route in _api(twin)]
    return Starlette(
        routes=[
            *_controls(state, twins),
            hands.route(state, twins),
            *oauth.routes(state),
            *apis,
            *pages.routes(state, twins),
            *map(_elsewhere, twins),
        ]
    )


def _api(twin: Twin) -> list[Route]:
    """A twin's operations, and its answer to what it does not know below its API's own prefix."""
    prefix = f"/{twin.network}"
    routes = [Route(prefix + op.path, _endpoint(twin, op), methods=[op.method]) for op in twin.operations()]
    return [*routes, Route(f"{prefix}{twin.prefix}{{rest:path}}", _unknown(twin), methods=METHODS)]


def _elsewhere(twin: Twin) -> Route:
    return Route(f"/{twin.network}/{{rest:path}}", _unknown(twin), methods=METHODS)


def _endpoint(twin: Twin, op: Operation) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        mime = request.headers.get("content-type", "")
        body, files = read_body(mime, await request.body())
        call = Call(
            method=op.method,
            path=request.url.path.removeprefix(f"/{twin.network}"),
            base=f"{request.url.scheme}://{request.url.netloc}/{twin.network}",
            account="",
            token=twin.token(request.headers, _given(request, body)),
            where=dict(request.path_params),
            params=dict(request.query_params),
            headers=dict(request.headers),
            body=body,
            files=files,
        )
        call.fetched = await _fetched(op, call)
        return await _serve(request, twin, op, call)

    return endpoint


def _given(request: Request, body: Any) -> dict[str, str]:
    """Where a credential may stand besides the headers: the path, the query, a form."""
    return {**request.query_params, **(body if isinstance(body, dict) else {}), **request.path_params}


async def _fetched(op: Operation, call: Call) -> dict[str, bytes]:
    """What is at the addresses that the operation fetches, as far as they are this machine's: a sandbox goes nowhere else."""
    found: dict[str, bytes] = {}
    wanted = dict(_under(call.body, op.fetches))
    if not wanted:
        return found
    async with httpx.AsyncClient(verify=NO_HTTPS, trust_env=False, timeout=FETCH) as client:
        for name, address in wanted.items():
            with suppress(httpx.HTTPError, httpx.InvalidURL):
                if urlsplit(address).hostname in LOOPBACK:
                    answer = await client.get(address)
                    found |= {name: answer.content} if answer.is_success else {}
    return found


def _under(value: Any, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What stands under these names in a body, at whatever depth."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        if name in names:
            yield str(name), str(item)
        yield from _under(item, names)


async def _serve(request: Request, twin: Twin, op: Operation, call: Call) -> Response:
    """One request: whose it is, what goes wrong with it, whether it keeps the contract, and then what it asks for."""
    record = _recorded(twin, op, call)
    twin.state.calls.append(record)
    twin.state.counts[f"{twin.network} {op.name}"] += 1
    fault = None
    try:
        if not op.open:
            call.account = twin.account(call.token)
        record["account"] = call.account
        fault = twin.state.faults.take(twin.network, _names(twin, call), call.path, op.visible)
        record["fault"] = fault.kind if fault else None
        if fault:
            await _before(request, twin, fault)
        answer = _kept(twin, op, call)
    except Rejected as rejected:
        answer = rejected.answer
    if fault and fault.kind.endswith("-after") and answer.status < 300:
        answer = await _after(request, twin, fault)
    record["status"] = answer.status
    return _response(answer, twin.used(call.account))


def _kept(twin: Twin, op: Operation, call: Call) -> Answer:
    """The twin's answer to a request that keeps the contract. One that does not is recorded and refused."""
    problems = contracts.violations(twin.contract or twin.network, op.name, call)
    if problems:
        twin.state.violations.append(
            {"network": twin.network, "operation": op.name, "account": call.account, "problems": problems}
        )
        raise Rejected(twin.misshapen(problems))
    return op.run(call)


def _names(twin: Twin, call: Call) -> tuple[str, ...]:
    """What a fault may call the account: the token's name, also where none is needed, a chat, a handle."""
    body = call.body if isinstance(call.body, dict) else {}
    account = call.account
    with suppress(Rejected):
        account = account or (twin.account(call.token) if call.token else "")
    named = (account, str(body.get("chat_id", "")).removeprefix("@"), str(body.get("identifier", "")))
    return tuple(filter(None, named))


async def _before(request: Request, twin: Twin, fault: Fault) -> None:
    """The faults that strike before anything is accepted. Raises `Rejected`, or goes on."""
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "drop-before":
        await cut(request)
    answers: dict[str, Callable[[], Answer]] = {
        "drop-before": lambda: Answer(500, None),  # nobody is there to read it
        "429": lambda: twin.limited(fault.seconds),
        "401": twin.unauthorized,
        "expired": twin.expired,
        "forbidden": twin.forbidden,
        "refused": twin.refusal,
        "5xx-before": lambda: twin.failure(503, "Service Unavailable"),
    }
    if fault.kind in answers:
        raise Rejected(answers[fault.kind]())


async def _after(request: Request, twin: Twin, fault: Fault) -> Answer:
    if fault.kind == "drop-after":
        await cut(request)
    return twin.failure(500, "Internal Server Error")


def _recorded(twin: Twin, op: Operation, call: Call) -> JsonObject:
    """The request as tests want to see it: everything but the credential and the bytes of files."""
    hidden = {name: "Bearer ***" if name == "authorization" else value for name, value in call.headers.items()}
    body = _covered(call.body, call.token) if isinstance(call.body, dict) else None
    return {
        "time": twin.state.now(),
        "network": twin.network,
        "operation": op.name,
        "method": call.method,
        "path": call.path.replace(call.token, "***") if call.token else call.path,
        "params": _covered(call.params, call.token),
        "headers": hidden,
        "body": body,
        "files": {name: file.mime for name, file in call.files.items()},
    }


def _covered(params: JsonObject, token: str) -> JsonObject:
    return {name: "***" if token and value == token else value for name, value in params.items()}


def _response(answer: Answer, rate: dict[str, str]) -> Response:
    headers = {**rate, **answer.headers}
    if answer.body is None:
        return Response(None, answer.status, headers)
    return JSONResponse(answer.body, answer.status, headers)


def _unknown(twin: Twin) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        asked = f"{request.method} {twin.shown(request.url.path)}"
        problem = {
            "network": twin.network,
            "operation": asked,
            "account": "",
            "problems": ["the twin has no such call"],
        }
        twin.state.violations.append(problem)
        return _response(twin.failure(404, f"Not Found: the sandbox has no {asked}"), {})

    return endpoint


def _controls(state: State, twins: Sequence[Twin]) -> list[Route]:
    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            state.faults.waiting.clear()
        if request.method == "POST":
            try:
                state.faults.add(await request.json())
            except (UsageError, ValueError) as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"faults": [_fault(fault) for fault in state.faults.waiting]})

    async def posts(request: Request) -> Response:
        """What readers see; with `?removed=1` what they do not see any more."""
        shown = state.removed if request.query_params.get("removed") == "1" else state.posts
        return JSONResponse({"posts": [state.describe(post) for post in shown]})

    async def readers(request: Request) -> Response:
        """What readers do: `{"network", "id", "author", "text"}` answers a post, `{"network", "id", "counts"}` says what the
        network counts of it."""
        said = await request.json()
        twin = next((t for t in twins if t.network == said.get("network")), None)
        post = state.find(twin.network, str(said.get("id"))) if twin else None
        if twin is None or post is None:
            return JSONResponse({"error": "there is no such post"}, 404)
        if "counts" in said:
            post.counts |= {Metric(name).value: int(count) for name, count in said["counts"].items()}
            state.save(post)
            return JSONResponse({"counts": post.counts})
        state.add(answer := twin.answer(post, said["author"], said["text"]))
        return JSONResponse({"id": answer.id, "path": answer.path})

    return [
        Route("/_sandbox/readers", readers, methods=["POST"]),
        Route("/_sandbox/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/posts", posts),
        Route(
            "/_sandbox/requests",
            _showing(lambda: {"counts": state.counts, "requests": [summary(c) for c in state.calls]}),
        ),
        Route("/_sandbox/violations", _showing(lambda: {"violations": state.violations})),
    ]


def _showing(value: Callable[[], Any]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return JSONResponse(value())

    return endpoint


def _fault(fault: Fault) -> JsonObject:
    return {name: getattr(fault, name) for name in ("network", "kind", "account", "path", "nth", "times", "seconds")}
