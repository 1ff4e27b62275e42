"""Who may use a token for its renewal, and what came of it: numbered objects in the log's bucket, each only ever created.

`account/<channel>/<fingerprint>/<n>.json`, n from 1: the fingerprint is that of `Tokens.fingerprint`, so each renewal has a
short journal of its own, and looking at it is one LIST, however often the channel was renewed. Whoever creates the next
number has decided it. A record names no secret: `{"kind", "channel", "worker", "nonce", "reason", "until"}`.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from presstime.errors import AlreadyExists, InDoubt, Missing, StoreError, Undecided
from presstime.model import from_iso, to_iso
from presstime.processes import is_gone
from presstime.stores.base import Store

LEASE = timedelta(seconds=120)  # longer than a renewal with its write-back; by S3's clock
SLACK = timedelta(seconds=5)  # S3 tells its time in whole seconds, and a reply travels
TRIES = 5  # of a create that decided nothing
# begun: its worker is about to use the token. done: the network answered with another. later: certainly not used, or refused
# for a passing reason. doubt: used, perhaps, and no answer came. refused: the network does not take it any more.
Kind = Literal["begun", "done", "later", "doubt", "refused"]


@dataclass(frozen=True, slots=True)
class Record:
    """`at` is when it was written, by S3's clock."""

    n: int
    kind: Kind
    worker: str
    at: datetime
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Journal:
    """The renewals of one channel."""

    store: Store
    channel: str
    worker: str
    is_gone: Callable[[str], bool] = is_gone

    def last(self, fingerprint: str) -> Record | None:
        """The newest record on a token. Raises `StoreError`."""
        stat = None
        for stat in self.store.list(self._folder(fingerprint)):  # noqa: B007 - the last one is wanted
            pass
        return self._record(stat.key) if stat else None

    def write(
        self, fingerprint: str, after: Record | None, kind: Kind, reason: str = "", until: datetime | None = None
    ) -> bool:
        """Create the record after `after`. False: somebody else was quicker. Raises `StoreError`."""
        n, nonce = (after.n if after else 0) + 1, secrets.token_hex(16)
        record = {
            "kind": kind,
            "channel": self.channel,
            "worker": self.worker,
            "nonce": nonce,
            "reason": reason,
            "until": until and to_iso(until),
        }
        body, key = (
            json.dumps({k: v for k, v in record.items() if v}).encode(),
            f"{self._folder(fingerprint)}{n:04d}.json",
        )
        for tries in range(TRIES):
            try:
                self.store.create(key, body)
                return True
            except Undecided:
                if tries == TRIES - 1:
                    raise
            except (AlreadyExists, InDoubt) as error:
                found = self._nonce(key)
                if found is not None:
                    return found == nonce  # ours: the reply was lost
                if tries == TRIES - 1:
                    raise error from None
        return False

    def is_open(self, record: Record) -> bool:
        """Whether whoever began may still be at it: its lease is not over, and its process is not seen to have ended."""
        over = self.store.now() > record.at + LEASE + SLACK
        return record.kind == "begun" and not over and not self.is_gone(record.worker)

    def _folder(self, fingerprint: str) -> str:
        return f"account/{self.channel}/{fingerprint}/"

    def _nonce(self, key: str) -> str | None:
        try:
            return str(json.loads(self.store.get(key).body)["nonce"])
        except Missing:
            return None

    def _record(self, key: str) -> Record:
        found = self.store.get(key)
        try:
            data, n = json.loads(found.body), int(key.rpartition("/")[2].removesuffix(".json"))
            until = from_iso(data["until"]) if data.get("until") else None
            return Record(n, data["kind"], data.get("worker", ""), found.modified, data.get("reason", ""), until)
        except (ValueError, KeyError, TypeError):
            raise StoreError(f"{key} is not a record of a renewal", "Look who wrote it into the bucket.") from None
