"""Cutting the connection under a client, for the faults that drop one."""

from starlette.requests import Request


async def cut(request: Request) -> None:
    """The server hands the transport over (server.py); elsewhere it breaks loudly."""
    transport = request.scope.get("state", {}).get("transport")
    if transport is None:
        raise ConnectionResetError("a scripted fault dropped this connection")
    transport.abort()
    while (await request.receive())["type"] != "http.disconnect":
        pass
