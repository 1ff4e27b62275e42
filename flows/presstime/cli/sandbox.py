"""`presstime sandbox`: the twin networks as a server on this machine."""

from pathlib import Path

import click

from presstime.cli.output import show

NETWORKS = ("bluesky", "mastodon", "telegram", "x")
ACCOUNTS = {"bluesky": "verne.example", "mastodon": "@verne", "telegram": "@verne", "x": "@verne"}


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8480, show_default=True, help="0 takes a free one.")
@click.option(
    "--data", type=click.Path(path_type=Path, dir_okay=False), help="A file that keeps the timelines over a restart."
)
@click.option("--faults", help="What goes wrong: a JSON file, or the JSON itself.")
def command(port: int, data: Path | None, faults: str | None) -> None:
    """Twin networks on this machine, to try things on.

    Every post they accept shows on their page. Any token works: sandbox-NAME posts as NAME; those that begin with wrong-
    are refused. Ends with Ctrl-C.
    """
    from presstime.sandbox.faults import load
    from presstime.sandbox.server import SandboxServer

    server = SandboxServer(port, data, load(faults) if faults else None)
    show(f"The timelines are at {server.url}/\n")
    show("For presstime.toml, with SANDBOX_TOKEN=sandbox-verne in the environment:\n")
    click.echo("\n".join(channel(server.url, network) for network in NETWORKS))
    server.run()


def channel(url: str, network: str) -> str:
    """A channel on the sandbox, as presstime.toml writes it."""
    return (
        f"[channels.try-{network}]\n"
        f'network = "{network}"\n'
        f'base_url = "{url}/{network}"\n'
        f'account = "{ACCOUNTS[network]}"\n'
        'credentials = "env:SANDBOX_TOKEN"\n'
    )
