"""The [oauth.NETWORK] tables of presstime.toml: the app that the newsroom registered with a network."""

from dataclasses import dataclass

from presstime.settings.secrets import LOCATOR_ADVICE, is_locator
from presstime.settings.tables import Table


@dataclass(frozen=True, slots=True)
class App:
    """`client_id` is public: it may stand there itself, or a locator. `client_secret` is always a locator."""

    client_id: str
    client_secret: str | None = None
    redirect: str | None = None
    scopes: tuple[str, ...] = ()  # in place of those that the network's adapter needs


def read_apps(table: Table) -> dict[str, App]:
    """Every app of the [oauth] table, by the network's name."""
    return {name: app for name, entry in table.named_tables() if (app := _app(entry)) is not None}


def _app(table: Table) -> App | None:
    client_id, secret = table.text("client_id"), table.text("client_secret")
    if "client_id" not in table:
        message = f"{'.'.join(map(str, table.path))} names no client_id"
        table.error(None, "missing-key", message, "Copy it from the app's page at the network.")
    if secret is not None and not is_locator(secret):
        message = "client_secret must say where the secret is, not what it is"
        table.error("client_secret", "literal-secret", message, LOCATOR_ADVICE)
    app = App(client_id or "", secret, table.url("redirect"), table.texts("scopes") or ())
    table.warn_of_unread()
    return app if client_id else None
