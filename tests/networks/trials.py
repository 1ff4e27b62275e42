"""What becomes of a delivery on each network when things go well and when they do not: the engine, the adapter and the sandbox's
twin, in simulated time. README.md has the table; `python -m tests.networks.trials` writes it anew."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from presstime.ledger.cache import Cache
from presstime.ledger.claims import step
from presstime.ledger.log import Ledger
from presstime.model import Channel, DeliveryState, Late, MediaRef, Post, Status, Target, Traits, Variant
from presstime.networks.base import Adapter
from presstime.publish.send import Job, Publisher
from presstime.publish.timing import Timing
from presstime.render import Rendered, Templates, render
from presstime.sandbox.app import TWINS
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.state import State
from presstime.stores.memory import Bucket, MemoryStore
from tests.networks.kit import SandboxBench

README = Path(__file__).parents[2] / "README.md"
MARKS = ("<!-- trials -->", "<!-- end of trials -->")
LINK = "https://verne.example/lune"
WORDS = "The *Nautilus* leaves at nine. Bring warm clothes.\n\nMore at the harbour."
PASSES = 3  # a minute apart: what one leaves undone, the next takes up


class Clock:
    """The time everybody goes by. Nobody waits for it."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Case:
    """One trial: what is posted, and what goes wrong."""

    name: str
    post: str = "text"  # or thread, pictures, link
    fault: Mapping[str, Any] = field(default_factory=dict)
    upload: bool = False  # the fault strikes where the pictures go, not where the message does


CASES = (
    Case("text"),
    Case("thread", "thread"),
    Case("four pictures", "pictures"),
    Case("link", "link"),
    Case("429, for 10 s", fault={"kind": "429", "seconds": 10}),
    Case("429, for an hour", fault={"kind": "429", "seconds": 3600, "times": 99}),
    Case("5xx before acceptance", fault={"kind": "5xx-before"}),
    Case("5xx after acceptance", fault={"kind": "5xx-after"}),
    Case("connection lost after acceptance", fault={"kind": "drop-after"}),
    Case("token expired in mid-thread", "thread", fault={"kind": "expired", "nth": 2}),
    Case("token revoked in mid-thread", "thread", fault={"kind": "401", "nth": 2, "times": 9}),
    Case("permission withdrawn", fault={"kind": "forbidden", "times": 9}),
    Case("picture refused", "pictures", fault={"kind": "refused", "times": 9}, upload=True),
)


@dataclass(frozen=True)
class Result:
    """How a trial ended: the delivery's state, what readers see, and how many requests reached the network."""

    network: Traits
    case: str
    state: DeliveryState
    seen: int
    requests: int

    @property
    def ended(self) -> str:
        waits = " (a person)" if self.state.review else ""
        return f"{self.state.status}{waits}"

    @property
    def reads(self) -> str:
        """What the operator reads in `presstime status`, without what differs from run to run."""
        return self.state.reason


def trials(server: SandboxServer, clock: Clock, networks: Sequence[str] | None = None) -> Iterator[Result]:
    """Every case on every network that the sandbox has. A case that says nothing of a network is left out: a thread where there
    are none, pictures where none are taken."""
    for twin in TWINS:
        if networks is not None and twin.network not in networks:
            continue
        bench = SandboxBench(server, twin.network)
        for number, case in enumerate(CASES):
            traits = bench.adapter("traits").traits
            if (case.post == "thread" and not traits.threads) or (case.post == "pictures" and not traits.media):
                continue
            yield one(bench, clock, case, f"trial{number}.verne.example", twin.uploads)


def one(bench: SandboxBench, clock: Clock, case: Case, account: str, uploads: str | None) -> Result:
    """One delivery, through as many passes as an operator would wait for."""
    adapter = bench.adapter(account)
    channel = adapter.channel
    rendered = words(case, channel, adapter, clock)
    variant = rendered.variant
    desk = planned(variant, clock)
    if case.fault:
        where = {"path": uploads} if case.upload and uploads else {}
        bench.fault(account, **{**case.fault, **where})
    before = len(bench.server.state.calls)
    job = Job(variant, channel, variant.at, lambda item: rendered.files[item.digest])
    for _ in range(PASSES):
        state = desk().publish(job, adapter)
        if state.status in (Status.PUBLISHED, Status.REFUSED) or state.review:
            break
        clock.sleep(60)
    calls = list(bench.server.state.calls)[before:]
    bench.server.state.faults.waiting.clear()
    adapter.close()
    seen = len(bench.posts(account))
    return Result(adapter.traits, case.name, state, seen, len(calls))


def planned(variant: Variant, clock: Clock) -> Callable[[], Publisher]:
    """A log in which this is planned, and what makes a pass over it."""
    store = MemoryStore(Bucket(clock.now))
    ledger = Ledger(store, Cache(None, "log"), "trial/m/1/1", sleep=clock.sleep, monotonic=clock.monotonic)
    event = step("planned", variant.delivery, clock.now, digest=variant.digest, source="s", due=variant.at.isoformat())
    more = dict.fromkeys(("path", "commit", "blob", "author", "approver"), "")
    ledger.append(lambda view: [replace(event, data={**event.data, **more})], {variant.digest: variant.to_json()})
    return lambda: Publisher(ledger, Timing(store, clock.now, clock.sleep, clock.monotonic))


def words(case: Case, channel: Channel, adapter: Adapter, clock: Clock) -> Rendered:
    """The post of a case, rendered as it always is."""
    traits = adapter.traits
    pictures = 4 if case.post == "pictures" else 1 if traits.media and traits.media.required else 0
    pictures = min(pictures, traits.media.max_count if traits.media else 0)
    files = {f"{n:040d}": _picture(n) for n in range(1, pictures + 1)}
    media = tuple(
        MediaRef(f"media/{n}.png", blob, len(data), f"Picture {n}") for n, (blob, data) in enumerate(files.items(), 1)
    )
    body = f"{WORDS}\n\n---\n\nSecond message.\n\n---\n\nThird message." if case.post == "thread" else WORDS
    post = Post(
        id="nautilus",
        path="posts/nautilus.md",
        blob="b" * 40,
        commit="c" * 40,
        title="The Nautilus leaves",
        body=body,
        link=LINK if case.post == "link" or (traits.media and traits.media.required) else None,
        media=media,
        thread="manual" if case.post == "thread" else "auto",
    )
    target = Target(channel.name, clock.at, Late())
    return render(
        post, target, channel, traits, adapter.compose, {"name": "Verne", "vars": {}}, Templates(), files.__getitem__
    )


def _picture(number: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (400, 400), (40 * number, 90, 160)).save(out, "PNG")
    return out.getvalue()


def table(results: Sequence[Result]) -> str:
    """As Markdown: a row for every case of every network."""
    rows = ["| case | network | ends | seen | requests | what the operator reads |", "|---|---|---|---|---|---|"]
    for case in CASES:
        for result in (r for r in results if r.case == case.name):
            reads = result.reads.replace("|", "\\|") or "nothing: all is well"
            cells = (case.name, result.network.title, result.ended, str(result.seen), str(result.requests), reads)
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def run(networks: Sequence[str] | None = None) -> list[Result]:
    """Each network has a sandbox and a clock of its own: "in an hour" counts from the real now, which the time made up here must
    not run far ahead of."""
    results: list[Result] = []
    for name in networks or [twin.network for twin in TWINS]:
        clock = Clock()
        with SandboxServer(state=State(now=clock.now)) as server:
            results += trials(server, clock, [name])
    return results


def section() -> str:
    """The table that README.md has now."""
    begin, end = MARKS
    return README.read_text().partition(begin)[2].partition(end)[0].strip()


def main() -> int:
    """Print the table of the networks that are named; without a name, put that of all into README.md."""
    if named := sys.argv[1:]:
        print(table(run(named)))
        return 0
    begin, end = MARKS
    before, _, rest = README.read_text().partition(begin)
    README.write_text(f"{before}{begin}\n\n{table(run())}\n\n{end}{rest.partition(end)[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
