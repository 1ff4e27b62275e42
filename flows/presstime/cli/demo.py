"""`presstime demo`: the whole thing on this machine, with the sample newsroom and the sandbox's networks."""

import base64
import os
import re
import shutil
import signal
import sys
import time
import urllib.request
from contextlib import ExitStack
from html import unescape as html_text
from pathlib import Path
from typing import TYPE_CHECKING

import click

from presstime.cli.output import say, show
from presstime.cli.publish import enter_prefect, run_pass
from presstime.errors import UsageError

if TYPE_CHECKING:
    from presstime.sandbox.server import SandboxServer
    from presstime.wire import Desk

FOLDER = Path(".presstime/demo")
_IMAGE = re.compile(r'src="(/[^"]+)"')


@click.command()
@click.option("--stay", is_flag=True, help="Keep the servers running, to look around, until Ctrl-C.")
@click.option("--fresh", is_flag=True, help="Begin anew: forget what an earlier demo published.")
@click.option("--port", default=8480, show_default=True, help="Where the timeline is served; another if it is taken.")
def command(stay: bool, fresh: bool, port: int) -> int:
    """The whole thing on this machine: a sample newsroom, sandbox networks, S3, Prefect."""
    from presstime.wire import SANDBOX, open_desk

    folder = FOLDER.absolute()
    if fresh and folder.exists():
        shutil.rmtree(folder)
    newsroom = make_newsroom(folder / "newsroom")
    with open_sandbox(port, folder / "sandbox.sqlite") as sandbox:
        os.environ[SANDBOX] = sandbox.url
        with open_desk(newsroom) as desk, ExitStack() as stack:
            ui = enter_prefect(desk, stack)
            run_pass(desk, "text", show_all=True)
            page = _save_page(sandbox.url, folder / "timeline.html")
            _where(desk, sandbox.url if stay else _short(page), ui if stay else "")
            if stay:
                _stay()
    return 0


def open_sandbox(port: int, data: Path) -> "SandboxServer":
    """The sandbox on `port`, or on the next that nobody has taken, perhaps a moment ago."""
    from presstime.embedded.service import free_port
    from presstime.sandbox.server import SandboxServer

    for first in range(port, port + 100):
        try:
            return SandboxServer(port=free_port(first), data=data)
        except UsageError:
            continue
    raise UsageError(f"no port from {port} to {port + 99} is free", "Name another with --port.")


def make_newsroom(folder: Path) -> Path:
    """The sample newsroom as a Git repository of its own, its files committed. Returns the folder."""
    import pygit2

    from presstime.content.sample import sample_folder

    source = sample_folder()
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".presstime", "__pycache__"))
    exists = (folder / ".git").exists()
    repository = pygit2.Repository(str(folder)) if exists else pygit2.init_repository(str(folder), initial_head="main")
    repository.index.add_all()
    repository.index.write()
    tree = repository.index.write_tree()
    parents = [] if repository.head_is_unborn else [repository.head.target]
    if parents and repository.head.peel(pygit2.Commit).tree_id == tree:
        return folder
    who = pygit2.Signature("Presstime demo", "demo@presstime.example")
    repository.create_commit("HEAD", who, who, "The sample newsroom", tree, parents)
    return folder


def _where(desk: "Desk", timeline: str, ui: str) -> None:
    """Where to look. `ui` is empty when the servers are about to stop."""
    root, presstime = _short(desk.root), _short(Path(sys.argv[0]))
    click.echo("")
    show(f"The timeline   {timeline}   (open it in a browser)")
    if ui:
        show(f"Prefect's UI   {ui}/runs")
    show(f"The audit log  {desk.store.name}")
    show(f"               {presstime} -C {root} audit log        every step that was taken")
    show(f"               {presstime} -C {root} audit verify     the chain of hashes")
    show(f"The plan       {presstime} -C {root} plan             what comes next, and why")
    show(f"The newsroom   {root}   (a Git repository: change a post, commit, run the demo again)")
    if not ui:
        show("With --stay the servers keep running: the live timeline, and Prefect's UI with every run.")


def _stay() -> None:
    show("Running until Ctrl-C.")
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    try:
        while not stopped:
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("")


def _save_page(url: str, file: Path) -> Path:
    """The timeline as one file with its pictures inside, to be looked at when the servers are gone."""
    html = _fetch(f"{url}/")[0].decode()

    def inline(found: re.Match[str]) -> str:
        data, mime = _fetch(url + html_text(found[1]))
        return f'src="data:{mime};base64,{base64.b64encode(data).decode()}"'

    file.write_text(_IMAGE.sub(inline, html))
    return file


def _fetch(url: str) -> tuple[bytes, str]:
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - our own sandbox on loopback
        return answer.read(), answer.headers.get_content_type()


def _short(path: Path) -> str:
    """The path as one would type it from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
