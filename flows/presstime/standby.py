"""The stand-in for when Prefect runs nothing: a thread of `up` that does the passes itself until Prefect is back.

Prefect may lose runs, stall or stop (it did schedule nothing at all under a library it allowed). The ledger makes it safe
that two do the same, so the one that is there may as well do the work; it says so, since ops should look at Prefect."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from presstime.errors import PresstimeError
from presstime.wire import last_pass, open_desk

PATIENCE_SECONDS = 180.0  # three ticks without a pass
LOOK_SECONDS = 15.0


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
                due = [str(a.delivery) for a in desk.plan() if a.acts]
                for delivery in due:
                    desk.publish(delivery)
                return len(due)
        except PresstimeError as error:
            self.say(f"and the pass failed: {error}")
            return 0
        finally:
            self._since = time.time()
