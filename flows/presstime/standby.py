"""The stand-in for when Prefect runs nothing: it does the passes itself until Prefect is back.

Prefect may lose runs, stall or stop (it did schedule nothing at all under a library it allowed). The ledger makes it safe
that two do the same, so the one that is there may as well do the work; it says so, since ops should look at Prefect.

`Standby` is a thread of `up`, which sees by a file whether passes happen on its machine. `Watch` is a process beside a team's
workers, whose passes happen elsewhere: it asks Prefect, and looks at what is due and lies untouched."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from presstime.clock import elapsed
from presstime.errors import PresstimeError
from presstime.model import Action, Status
from presstime.wire import Desk, last_pass, open_desk

PATIENCE_SECONDS = 180.0  # three ticks without a pass
LOOK_SECONDS = 15.0
WATCH_SECONDS = 30.0  # each look of a `Watch` reads Git and the log
AT_ONCE = 16  # channels that are published to side by side
UNTOUCHED = (Status.PLANNED, Status.CLAIMED, Status.SENDING)  # nobody tried it, or whoever began it is gone


def take(desk: Desk, actions: Sequence[Action]) -> int:
    """Publish, edit or retract what these actions of the desk's plan say: one after the other on each channel, channels side by
    side. Returns how many they were.

    Raises `StoreError` or `LedgerError` where the log cannot be used."""
    queues: dict[str, list[str]] = defaultdict(list)
    for action in actions:
        queues[action.delivery.channel].append(str(action.delivery))

    def work_off(queue: Sequence[str]) -> None:
        for delivery in queue:
            desk.publish(delivery)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(work_off, queues.values()))
    return len(actions)


@dataclass
class Standby:
    """Watches one content root. `say` tells ops; `patience` is how long no pass may have happened, in seconds."""

    root: Path
    say: Callable[[str], None]
    patience: float = PATIENCE_SECONDS
    look_every: float = LOOK_SECONDS
    _stop: threading.Event = field(default_factory=threading.Event)
    _since: float = field(default_factory=time.time)

    def start(self) -> None:
        threading.Thread(target=self._watch, name="standby", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(self.look_every):
            if time.time() - max(self._since, last_pass(self.root)) > self.patience:
                self.step_in()

    def step_in(self) -> int:
        """One pass without Prefect. Returns the number of deliveries it published or tried to."""
        self.say(
            f"Prefect has run no pass for {self.patience:.0f} s; doing one here. Look at Prefect's server and its log."
        )
        try:
            with open_desk(self.root) as desk:
                return take(desk, [action for action in desk.plan() if action.acts])
        except PresstimeError as error:
            self.say(f"and the pass failed: {error}")
            return 0
        finally:
            self._since = time.time()


@dataclass
class Watch:
    """Looks at one content root every `look_every` seconds. While Prefect does not answer (`answers`), and has not for `patience`
    seconds, it publishes everything at its instant. While Prefect does, it takes what is due and was left untouched for as long:
    then workers are gone, or nothing is scheduled."""

    root: Path
    say: Callable[[str], None]
    answers: Callable[[], bool]
    patience: float = PATIENCE_SECONDS
    look_every: float = WATCH_SECONDS
    clock: Callable[[], float] = elapsed
    _silent_since: float | None = None
    _is_away: bool = False
    _lying: dict[str, float] = field(default_factory=dict)  # since when a delivery was seen to be due, at every look
    _trouble: str = ""

    def stay(self, stop: threading.Event) -> None:
        """Look until stopped; what is under way then is finished."""
        while not stop.is_set():
            begun = self.clock()
            self.look()
            stop.wait(max(0.0, self.look_every - (self.clock() - begun)))

    def look(self) -> int:
        """One look. Returns the number of deliveries it published or tried to."""
        self._ask()
        # A look waits for the last instant within its lead, and the next follows at once if it took longer than the time between two.
        lead = timedelta(seconds=2 * self.look_every) if self._is_away else timedelta(0)
        try:
            with open_desk(self.root) as desk:
                acting = [action for action in desk.plan(lead) if action.acts]
                found = take(desk, acting if self._is_away else self._left(desk, acting))
        except PresstimeError as error:
            self._tell(f"nothing can be published here either: {error}")
            return 0
        self._trouble = ""
        return found

    def _ask(self) -> None:
        if self.answers():
            if self._is_away:
                self.say("Prefect answers again: its workers go on.")
            self._silent_since, self._is_away = None, False
            return
        if self._silent_since is None:
            self._silent_since = self.clock()
        if not self._is_away and self.clock() - self._silent_since >= self.patience:
            self._is_away = True
            self.say(f"Prefect has not answered for {self.patience:.0f} s: publishing here until it does.")

    def _left(self, desk: Desk, acting: Sequence[Action]) -> list[Action]:
        """What was due at every look for as long as patience lasts, and nobody touched."""
        now, known = self.clock(), self._lying
        self._lying = {str(a.delivery): known.get(str(a.delivery), now) for a in acting if _is_untouched(desk, a)}
        left = [a for a in acting if now - self._lying.get(str(a.delivery), now) >= self.patience]
        if left:
            self.say(
                f"{len(left)} due and left untouched for {self.patience:.0f} s, though Prefect answers: publishing them here. "
                "Look at the workers, and at what Prefect schedules."
            )
        return left

    def _tell(self, trouble: str) -> None:
        """Once, not at every look."""
        if trouble != self._trouble:
            self.say(trouble)
        self._trouble = trouble


def _is_untouched(desk: Desk, action: Action) -> bool:
    state = desk.ledger.state(action.delivery)
    return state is None or state.status in UNTOUCHED
