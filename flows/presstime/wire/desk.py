"""A pass: plan, then do what the plan says, each delivery for itself."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from presstime.errors import NetworkError, RenderError, SettingsError
from presstime.model import Action, DeliveryState, Status
from presstime.wire.networks import Connected
from presstime.wire.places import MARK, STATE, content_root

if TYPE_CHECKING:
    from presstime.embedded.service import Service


@dataclass
class Desk(Connected):
    """Everything one pass needs, for one content root. Enter it through `open_desk`."""

    last_plan: dict[str, Action] = field(default_factory=dict)

    def plan(self, lead: timedelta = timedelta(0)) -> list[Action]:
        """Read the log, plan, write what is new into the log; the plan is kept for `publish`."""
        actions = self.sync.run(lead)
        self.publisher.down.clear()
        self._logged_out.clear()
        (self.state_folder(STATE) / MARK).touch()
        self.handouts.tidy([state.delivery for state in self.waiting()])
        self.last_plan = {str(a.delivery): a for a in actions}
        return actions

    def publish(self, delivery: str) -> DeliveryState | None:
        """Do what the last plan says for a delivery: publish it, edit or retract what is out. None: it is held, and the log
        says why.

        Raises `StoreError` or `LedgerError` where the log cannot be used."""
        from presstime.ledger.claims import claimable, put_off

        action = self.last_plan[delivery]
        if action.action != "publish":
            return self._change(action)
        state, now, me = self.ledger.state(action.delivery), self.store.now(), self.ledger.writer
        if state and state.begun and not claimable(state, state.sent_digest, now, me, self.ledger.is_gone):
            return state  # another worker was quicker: what it says need not be read, and nothing is to be done
        try:
            if self.words.assisted(action.delivery.channel):
                return self._hand(action)
            job = self.jobs.of(action)
            adapter = self._usable(action.delivery.channel)
        except (SettingsError, RenderError, NetworkError) as error:
            person = getattr(error, "needs_person", True)
            put_off(self.ledger, action.delivery, action.digest, self.timing.now, error.told, needs_person=person)
            return self.ledger.state(action.delivery)
        if job is None:
            return None
        return self.publisher.publish(job, adapter)

    def let_others_send(self, delivery: str) -> None:
        """Before anything else is done about a delivery that is through: a moment for those that are due at the same instant."""
        due = self.last_plan[delivery].due
        if due is not None:
            self.publisher.bursts.wait(due)

    def _hand(self, action: Action) -> DeliveryState | None:
        """Hand a delivery to a person, and put down what they need. None: it is held."""
        from presstime.plan.assisted import time_ends

        job, wanted = self.jobs.of(action), self.sync.wanted(action.delivery)
        if job is None or wanted is None:
            return None
        state = self.publisher.hand(job, time_ends(wanted, max(job.due, self.timing.now())))
        if state.status is Status.HANDED:
            self.handouts.put_down(state)
        return state

    def _change(self, action: Action) -> DeliveryState | None:
        """Edit or retract what is out."""
        from presstime.ledger.changes import put_off_change

        what: Literal["edit", "retract"] = "edit" if action.action == "edit" else "retract"
        try:
            job = self.jobs.change_of(action)
            adapter = self._usable(action.delivery.channel)
        except (SettingsError, RenderError, NetworkError) as error:
            now, person = self.timing.now, getattr(error, "needs_person", True)
            put_off_change(self.ledger, action.delivery, what, action.digest, now, error.told, needs_person=person)
            return self.ledger.state(action.delivery)
        return self.publisher.change(job, adapter) if job else self.ledger.state(action.delivery)

    def prefect_service(self) -> "Service":
        from presstime.embedded import prefect

        return prefect.service(self.state_folder(f"{STATE}/prefect"))


@contextmanager
def open_desk(directory: Path, environ: Mapping[str, str] | None = None, on_disk: bool = False) -> Iterator[Desk]:
    """The desk of a content root; servers it starts and files it opens are closed with it. With `on_disk` presstime.toml counts as it
    lies in the folder, committed or not: for those who set it up.

    Raises `GitError` and `SettingsError` where the root cannot be used."""
    from presstime.content.git import Repository

    with ExitStack() as stack:
        root = content_root(directory)
        yield Desk(root, Repository.discover(root), os.environ if environ is None else environ, stack, on_disk)
