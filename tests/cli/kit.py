"""The command line as people and programs call it: the console script, in a process of its own."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from presstime.embedded import prefect
from presstime.embedded.service import Service
from tests.conftest import S3Server
from tests.kit import ENVIRON, SETTINGS, Folder

PRESSTIME = Path(sys.executable).with_name("presstime")


@dataclass(frozen=True)
class Done:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        return self.out + self.err


def call(
    *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None, seconds: float = 120
) -> Done:
    """Run `presstime` with these arguments. Whatever happens, a traceback is a failure."""
    found = subprocess.run(
        [PRESSTIME, *map(str, arguments)],
        env={**os.environ, "COLUMNS": "200", **(env or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert "Traceback" not in found.stdout + found.stderr, found.stderr
    return Done(found.returncode, found.stdout, found.stderr)


@dataclass
class Newsroom:
    """A content root whose log is in a fresh bucket of a real S3 server."""

    folder: Folder
    env: Mapping[str, str]
    settings: str

    def call(self, *arguments: str, env: Mapping[str, str] | None = None, seconds: float = 120) -> Done:
        return call("-C", self.folder.path, *arguments, env={**self.env, **(env or {})}, seconds=seconds)


def newsroom_on(server: S3Server, path: Path, settings: str = SETTINGS) -> Newsroom:
    """Two channels, no post, nothing committed."""
    bucket = server.store().bucket
    audit = f'bucket = "{bucket}"\nendpoint_url = "{server.url}"\nregion = "us-east-1"'
    settings = settings.replace('bucket = "audit"', audit)
    access, secret = server.credentials
    env = {**ENVIRON, "AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret}
    return Newsroom(Folder(path, settings), env, settings)


@contextmanager
def prefect_server(paths: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The environment of a client of a Prefect server. Workers that test side by side share one."""
    base = paths.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "prefect"
    with prefect.service(folder) as running:
        yield prefect.client_env(running.running_port, folder)


@contextmanager
def own_prefect_server(paths: pytest.TempPathFactory, **settings: str) -> Iterator[Service]:
    """A Prefect server that nobody shares, for tests of what it knows: deployments have the same names in every newsroom. It begins with a
    copy of the shared one's database: to make the tables anew takes ten seconds. `settings` are in its environment."""
    folder = paths.mktemp("prefect-alone")
    with prefect_server(paths) as shared:
        source = Path(shared["PREFECT_HOME"]) / "prefect.db"
        with closing(sqlite3.connect(source)) as theirs, closing(sqlite3.connect(folder / "prefect.db")) as ours:
            theirs.backup(ours)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        with prefect.service(folder) as running:
            yield running


@contextmanager
def own_prefect(paths: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The environment of a client of a server that nobody shares."""
    with own_prefect_server(paths) as running:
        yield prefect.client_env(running.running_port, running.folder)


def ask_prefect(environment: Mapping[str, str], path: str, **body: Any) -> Any:
    """What Prefect's API answers."""
    answer = httpx.post(f"{environment['PREFECT_API_URL']}/{path}", json=body, trust_env=False)
    answer.raise_for_status()
    return answer.json()


def posts_on(url: str) -> Sequence[dict[str, Any]]:
    """What a sandbox has accepted."""
    found: list[dict[str, Any]] = httpx.get(f"{url}/_sandbox/posts", trust_env=False).json()["posts"]
    return found
