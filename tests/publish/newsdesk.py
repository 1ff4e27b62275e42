"""A newsroom of one channel on a network in memory: what Git says is real, and so is everything but time and the network."""

from dataclasses import replace
from pathlib import Path

from presstime.model import DeliveryState, Settling
from presstime.networks.memory import TRAITS, MemoryNetwork
from presstime.wire import Desk
from tests.kit import SETTINGS, Folder, Office, run_pass

D = "launch/brand-mastodon"
BRAND_ONLY = SETTINGS.replace('["site-feed", "brand-mastodon"]', '["brand-mastodon"]')


class Newsdesk:
    """An office whose one channel posts to a network in memory. Each pass is another worker's, unless it is told otherwise."""

    def __init__(
        self, path: Path, settling: Settling = Settling.LOOKUP, text: str = "Lift-off.", **front: object
    ) -> None:
        self.folder = Folder(path, BRAND_ONLY)
        self.office = Office(self.folder)
        traits = replace(TRAITS, settling=settling, can_find=settling is not Settling.NONE)
        self.network = MemoryNetwork(traits, now=self.office.now, sleep=self.office.sleep)
        self.folder.post("launch", text, late="publish", **front)
        self.folder.commit("Launch")
        self._workers = 0

    def wait_until_seen(self) -> "Newsdesk":
        """A pass, and time until what it sent may be looked at on the network."""
        self.work(0)
        self.office.pass_time(minutes=15)
        return self

    def seat(self, desk: Desk) -> None:
        """Put the network in memory in the place of the channel's own."""
        channel = desk.settings.channels["brand-mastodon"]
        desk._adapters["brand-mastodon"] = self.network.adapter_class()(channel, None)

    def work(self, minutes: float = 3) -> DeliveryState:
        """A pass of a new worker, some minutes after the last."""
        self._workers += 1
        self.office.pass_time(minutes=minutes)
        with self.office.desk(f"elsewhere/m/{self._workers}/1") as desk:
            self.seat(desk)
            return run_pass(desk)[D]

    def plan(self) -> dict[str, str]:
        """What the plan says now, without writing it down: action and reason by delivery."""
        with self.office.desk("reader/m/0/1") as desk:
            desk.ledger.catch_up()
            return {str(a.delivery): f"{a.action}: {a.reason}" for a in desk.sync.actions(self.office.now())}

    def commit(self, text: str, **front: object) -> None:
        """Another text, committed by somebody else."""
        self.folder.post("launch", text, late="publish", **front)
        self.folder.commit("Change", author="Cleo")

    @property
    def texts(self) -> list[str]:
        return [post.text.strip() for post in self.network.posts]
