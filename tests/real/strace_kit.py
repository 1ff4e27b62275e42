"""System calls of a pass: counted by strace, and killed or failed one at a time.

`when=N` counts the calls of one thread. A pass here has one thread (`one_pass`), and `instances` refuses a trace in which another
makes a network call: so N is the N-th of all. (`--seccomp-bpf` would be quicker, but strace 6.1 sends no signal with it.)"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE

import pytest

from presstime.ledger.cache import Cache
from presstime.ledger.log import Ledger
from presstime.ledger.verify import verify
from presstime.model import DeliveryState, Status
from presstime.sandbox.server import SandboxServer
from presstime.stores.s3 import S3Store
from tests.conftest import S3Server
from tests.kit import Folder

HERE = Path(__file__).parents[2]
TRACED = "connect,sendto,recvfrom,sendmsg,recvmsg"
NETWORKS = {  # one of each settling class, with the account and the token that an account of that name has
    "bluesky": ("{}.example", "sandbox-{}"),
    "mastodon": ("@{}", "sandbox-{}"),
    "x": ("@{}", "sandbox-{}"),
    "telegram": ("@{}", "sandbox-{}"),
}
SURE = ("bluesky", "mastodon")  # whose sends can always be settled, by sending the same again
SEGMENTS = ("The first half.", "The second half.")
SECONDS = 180  # in which any process here has ended, on a busy machine too
PASSES = 4  # after which a newsroom must have come to rest

SETTINGS = """\
[newsroom]
name = "Maison Verne"
timezone = "UTC"
[audit]
bucket = "{bucket}"
prefix = "{name}"
endpoint_url = "{url}"
region = "us-east-1"
{channels}
[defaults]
channels = [{networks}]
"""
CHANNEL = '[channels.{network}]\nnetwork = "{network}"\naccount = "{account}"\ncredentials = "env:TOKEN_{network}"\n'


@dataclass(frozen=True, order=True)
class Instance:
    """One system call of a pass: the `when`-th of that name, counted from 1."""

    call: str
    when: int


@dataclass
class Trial:
    """A newsroom of one thread for four networks, due; its log under a prefix of its own, its accounts its own."""

    server: S3Server
    bucket: str
    sandbox: SandboxServer
    path: Path
    said: str = ""

    def __post_init__(self) -> None:
        networks, name = list(NETWORKS), self.name
        channels = "".join(CHANNEL.format(network=n, account=NETWORKS[n][0].format(name)) for n in networks)
        listed = ", ".join(f'"{n}"' for n in networks)
        settings = SETTINGS.format(
            bucket=self.bucket, name=name, url=self.server.url, channels=channels, networks=listed
        )
        folder = Folder(self.path, settings)
        due = datetime.now(UTC) - timedelta(minutes=5)
        folder.post("thread", "\n\n---\n\n".join(SEGMENTS), due, late="publish", thread="manual")
        folder.commit()

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def environment(self) -> Mapping[str, str]:
        access, secret = self.server.credentials
        tokens = {f"TOKEN_{n}": token.format(self.name) for n, (_, token) in NETWORKS.items()}
        return {
            **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            **tokens,
            "AWS_ACCESS_KEY_ID": access,
            "AWS_SECRET_ACCESS_KEY": secret,
            "PRESSTIME_SANDBOX": self.sandbox.url,
            "PYTHONPATH": str(HERE),
            "PYTHONHASHSEED": "0",
        }

    def run(self, passes: int | str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.real.one_pass", str(self.path), str(passes)]
        return subprocess.Popen(
            command, env=self.environment, cwd=HERE, text=True, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )

    def trace(self, *options: str) -> int:
        """A pass under strace with these options. Its exit status: negative if it was killed."""
        with self.run("-") as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            command = ["strace", "-f", "-o", str(self.file), "-e", f"trace={TRACED}", *options, "-p", str(process.pid)]
            with subprocess.Popen(command, text=True, stderr=PIPE) as tracer:
                assert tracer.stderr
                said = tracer.stderr.readline()
                assert "attached" in said, said
                self.finish(process, "go\n")
                tracer.communicate(timeout=SECONDS)
        return process.returncode

    def finish(self, process: "subprocess.Popen[str]", line: str = "") -> None:
        """Wait for its end; what does not end is ended, and that is a failure."""
        try:
            self.said += process.communicate(line, timeout=SECONDS)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{self.path.name} does not end") from None

    @property
    def file(self) -> Path:
        """What strace saw."""
        return self.path.with_suffix(".trace")

    def inject(self, instance: Instance, what: str) -> int:
        """A pass to whose `instance` this happens: `signal=KILL`, `error=ECONNRESET`. Its local cache is lost with it."""
        code = self.trace("-e", f"inject={instance.call}:{what}:when={instance.when}")
        shutil.rmtree(self.path / ".presstime", ignore_errors=True)
        return code

    def rest(self) -> None:
        """Pass again until nothing changes."""
        with self.run(PASSES) as process:
            self.finish(process)
        assert process.returncode == 0, f"after {PASSES} passes it still writes\n{self.said}"

    # --- what came of it ---

    @property
    def store(self) -> S3Store:
        return S3Store(self.bucket, f"{self.name}/", self.server.url, credentials=self.server.credentials)

    def states(self) -> Mapping[str, DeliveryState]:
        """What the log says, read by somebody without a cache; by network."""
        ledger = Ledger(self.store, Cache(None, self.name), "judge/m/1/1")
        ledger.catch_up()
        return {s.delivery.channel: s for s in ledger.states().values()}

    def untold(self) -> int:
        """Messages that are out and that the log does not know of."""
        receipts = sum(len(state.receipts) for state in self.states().values())
        return sum(map(len, self.posts().values())) - receipts

    def posts(self) -> Mapping[str, list[tuple[str, str]]]:
        """What is out, by network: (id, last line), oldest first."""
        found = defaultdict(list)
        for post in list(self.sandbox.state.posts):
            if post.account.partition(".")[0] == self.name:
                found[post.network].append((tail(post.id), post.text.strip().split("\n")[-1]))
        return found

    def judge(self) -> Counter[str]:
        """Nothing twice, nothing lost in silence, the log whole. How the deliveries ended: `network status`, counted."""
        states, posts = self.states(), self.posts()
        assert states.keys() == NETWORKS.keys(), (states.keys(), self.said)
        for network, state in states.items():
            judge(network, state, posts[network])
        verdict = verify(self.store)
        assert verdict.ok, verdict.problems
        return Counter(f"{network} {state.status.value}" for network, state in states.items())


def tail(post_id: str) -> str:
    """What is the message's own in an id that may name its account, too."""
    return post_id.rpartition("/")[2]


def judge(network: str, state: DeliveryState, posts: Sequence[tuple[str, str]]) -> None:
    """One delivery: what the log says against what is out."""
    texts = [text for _, text in posts]
    assert len(texts) == len(set(texts)), f"{network} has something more than once: {texts}"
    assert texts == list(SEGMENTS)[: len(texts)], f"{network} has {texts}"
    assert [tail(receipt.id) for receipt in state.receipts] == [post for post, _ in posts][: len(state.receipts)], state
    if state.status is Status.PUBLISHED:
        assert len(texts) == len(state.receipts) == len(SEGMENTS), f"{network}: {texts} are out, the log says {state}"
        return
    assert network not in SURE, f"{network} lets anybody find out, and was left at {state}"
    assert (state.status, state.review) == (Status.UNKNOWN, True), f"{network} is left, and nobody is asked: {state}"
    assert state.reason
    assert len(texts) <= len(state.receipts) + 1, f"{network}: {texts} are out, the log says {state}"


def instances(trace: Path) -> Sequence[tuple[Instance, bool]]:
    """The network calls of a trace in their order; True for the first of a run of like calls on one descriptor (a reply that
    is read byte by byte is one run). Fails if more than one thread made them."""
    found: list[tuple[Instance, bool]] = []
    counted: Counter[str] = Counter()
    threads, last = set(), ""
    for line in trace.read_text().splitlines():
        if match := re.match(r"(\d+) +((\w+)\(\d+),", line):
            threads.add(match[1])
            counted[match[3]] += 1
            found.append((Instance(match[3], counted[match[3]]), match[2] != last))
            last = match[2]
    assert len(threads) == 1, f"`when=N` counts by thread, and {len(threads)} threads used the network"
    return found


def need_strace() -> None:
    """Skip where strace is missing or may not trace."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    tried = subprocess.run(["strace", "-f", "-e", "inject=getpid:error=EPERM", "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"strace cannot trace here: {tried.stderr.strip()}")
