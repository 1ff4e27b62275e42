"""No secret leaves: a canary in every place for one, every way to fail on every network, and then a search of everything that was
written anywhere."""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import pytest
from PIL import Image

from presstime.model import Channel
from presstime.sandbox.app import TWINS
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.twin import name_of
from tests.cli.kit import Newsroom, ask_prefect, newsroom_on, prefect_server
from tests.conftest import S3Server
from tests.networks.kit import SandboxBench

NOW = datetime.now(UTC).replace(microsecond=0)
KINDS = ("401", "429", "5xx-after", "drop-after", "forbidden", "expired", "refused")
LITERAL = "canary-literal-e1c0ffee77"
OWN = {"name", "network", "base_url", "account", "credentials", "options"}


def canary(name: str) -> str:
    """A token of this channel's own, with signs in it that every way of writing changes."""
    return f"canary+{name}/9f3b="


def forms(secret: str) -> set[bytes]:
    """The ways a secret may stand somewhere: as it is, in an address, in JSON, in base64 wherever it begins."""
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    found = {text.encode() for text in texts}
    for shift in range(3):
        raw = base64.b64encode(b"x" * shift + secret.encode())
        found.add(raw[4 if shift else 0 : len(raw) - 4])
    return found


class House:
    """A newsroom with a channel for every network of the sandbox and every way to fail."""

    def __init__(self, server: SandboxServer, room: Newsroom, prefect: Mapping[str, str]) -> None:
        self.server, self.room = server, room
        self.secrets: dict[str, str] = {}
        self.said: list[str] = []
        self.env = {**room.env, **prefect, "PREFECT_LOGGING_LEVEL": "DEBUG", "PRESSTIME_SANDBOX": server.url}
        tables = [
            self._table(bench, kind) for bench in (SandboxBench(server, t.network) for t in TWINS) for kind in KINDS
        ]
        names = json.dumps(sorted(self.secrets))
        settings = room.settings.partition("[channels.site-feed]")[0]
        room.folder.write(
            "presstime.toml", f'{settings}\n{"".join(tables)}\n[defaults]\nchannels = {names}\nlate = "publish"\n'
        )
        picture = BytesIO()
        Image.new("RGB", (400, 400), "teal").save(picture, "JPEG")
        room.folder.write("media/carte.jpg", picture.getvalue())
        media = "[{file: media/carte.jpg, alt: Une carte}]"
        room.folder.post(
            "one", "Words that may be read.", NOW - timedelta(minutes=2), media=media, link="https://verne.example/"
        )
        room.folder.commit()

    def _table(self, bench: SandboxBench, kind: str) -> str:
        name = f"{bench.network}-{kind}"
        channel = bench.channel(f"{kind}.verne.example")
        secret = canary(name) if bench.network != "telegram" else canary(name).replace("/", ":")  # it is part of a path
        self.secrets[name] = secret
        where = self._place(name, secret)
        for account in {name_of(secret), str(channel.account or "").removeprefix("@")} - {""}:
            for path in (None, "*"):
                fault = {
                    "network": bench.network,
                    "kind": kind,
                    "account": account,
                    "path": path,
                    "times": 2,
                    "seconds": 1,
                }
                self.server.state.faults.add(fault)
        return toml_of(name, channel, where)

    def _place(self, name: str, secret: str) -> str:
        """Half of them in the environment, half in files."""
        if len(self.secrets) % 2:
            variable = name.upper().replace("-", "_")
            self.env[variable] = secret
            return f"env:{variable}"
        file = self.room.folder.path.parent / f"{name}.secret"
        file.write_text(secret + "\n")
        file.chmod(0o600)
        return f"file:{file}"

    def call(self, *arguments: str) -> None:
        done = self.room.call(*arguments, env=self.env, seconds=300)
        self.said.append(done.said)

    def written(self) -> Iterator[tuple[str, bytes]]:
        """All that was said and kept, by where."""
        yield "the command line", "\n".join(self.said).encode()
        for file in sorted(self.room.folder.path.rglob("*")):
            if file.is_file():
                yield str(file), file.read_bytes()
        for path in (
            "/",
            *(f"/{twin.network}" for twin in TWINS),
            "/_sandbox/posts",
            "/_sandbox/requests",
            "/_sandbox/violations",
        ):
            yield f"the sandbox's {path}", httpx.get(self.server.url + path, trust_env=False).content
        for kind in ("logs", "artifacts", "flow_runs", "task_runs", "flow_run_states", "task_run_states"):
            for page in range(20):
                try:
                    rows = ask_prefect(self.env, f"{kind}/filter", limit=200, offset=200 * page)
                except httpx.HTTPStatusError:
                    break
                yield f"Prefect's {kind}", json.dumps(rows).encode()
                if len(rows) < 200:
                    break


def toml_of(name: str, channel: Channel, where: str) -> str:
    """A channel as presstime.toml has it."""
    keys = {"network": channel.network, "base_url": channel.base_url, "account": channel.account, "credentials": where}
    lines = [f"{key} = {json.dumps(value)}" for key, value in {**keys, **channel.options}.items() if value is not None]
    return "\n".join([f'[channels."{name}"]', *lines, ""])


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with prefect_server(tmp_path_factory) as environment:
        yield environment


@pytest.mark.real
def test_no_canary_is_found_anywhere(tmp_path: Path, s3_server: S3Server, prefect: Mapping[str, str]) -> None:
    """Every network fails in every way with a token of its own; no token is in any output, log, state, artifact, page, file or
    entry of the audit log, in any of the ways it could be written."""
    with SandboxServer() as server:
        room = newsroom_on(s3_server, tmp_path / "newsroom")
        house = House(server, room, prefect)
        house.call("check")
        house.call("render", "posts/one.md", "--format", "json")
        for _ in range(2):
            house.call("publish", "--format", "json")
        house.call("plan", "--format", "json")
        house.call("status")
        house.call("audit", "log", "--format", "json")
        house.call("audit", "export", "--out", str(tmp_path / "newsroom" / "export"))
        assert len(server.state.calls) > len(house.secrets), "the networks were asked"
        failed = {(call["network"], call["fault"]) for call in server.state.calls}
        assert {(twin.network, kind) for twin in TWINS for kind in KINDS} <= failed, "every way to fail was taken"
        places = [*house.written(), *entries(room, s3_server)]
        assert len(places) > 20
        wanted = {form: name for name, secret in house.secrets.items() for form in forms(secret)}
        leaks = {(name, where) for where, content in places for form, name in wanted.items() if form in content}
    assert leaks == set()


def entries(room: Newsroom, server: S3Server) -> Iterator[tuple[str, bytes]]:
    """Everything in the bucket."""
    bucket = room.settings.partition('bucket = "')[2].partition('"')[0]
    store = server.store(bucket)
    for stat in store.list(""):
        yield f"S3: {stat.key}", store.get(stat.key).body


def test_the_search_finds_what_is_there() -> None:
    """The forms that are searched for are those that a leak would have."""
    secret = canary("x")
    for shift in range(3):
        assert any(form in base64.b64encode(b"a" * shift + secret.encode() + b"zz") for form in forms(secret))
    assert quote(f"/bot{secret}/sendMessage").encode().find(quote(secret).encode()) > 0


@pytest.mark.parametrize("key", ["token", "access_token", "password", "client_secret", "credentials"])
def test_a_secret_in_the_settings_is_refused_unsaid(key: str, tmp_path: Path, s3_server: S3Server) -> None:
    """A secret that somebody wrote into presstime.toml is an error at its line, and is not repeated."""
    room = newsroom_on(s3_server, tmp_path / "newsroom")
    room.folder.write(
        "presstime.toml",
        f'{room.settings}\n[channels.leak]\nnetwork = "mastodon"\nbase_url = "https://m.example"\n{key} = "{LITERAL}"\n',
    )
    done = room.call("check")
    assert done.code == 2
    assert "literal-secret" in done.said
    assert LITERAL not in done.said
