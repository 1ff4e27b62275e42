"""What a newsroom is to a network's OAuth server: the app it registered there, its secret named by a locator."""

from dataclasses import dataclass

from presstime.model import Secret


@dataclass(frozen=True, slots=True)
class Client:
    """An app, its secret fetched. `redirect` is the address registered with the network; None: the network takes any."""

    client_id: str
    secret: Secret | None = None
    redirect: str | None = None
    scopes: tuple[str, ...] = ()
