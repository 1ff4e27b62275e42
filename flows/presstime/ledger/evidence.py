"""What makes the log evidence, put together: checkpoints in the bucket and in Git, the verdict over both, and the hourly seal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from presstime.errors import GitError, LedgerError
from presstime.ledger import checkpoint, snapshot
from presstime.ledger.chain import Verdict
from presstime.ledger.checkpoint import Checkpoint, Sightings
from presstime.ledger.note import Signer, Verifier
from presstime.ledger.verify import Progress, verify, verify_tail
from presstime.ledger.witness import Witness
from presstime.model import JsonObject
from presstime.stores.base import Store


@dataclass(frozen=True, slots=True)
class Sealed:
    """A checkpoint that was made. `trouble` is why Git has it not, or not where it is pushed to; `snapshot` the n of one that
    was made with it."""

    checkpoint: Checkpoint
    trouble: str | None = None
    snapshot: int | None = None

    def to_json(self) -> JsonObject:
        return {
            "size": self.checkpoint.size,
            "time": self.checkpoint.time and self.checkpoint.time.isoformat(),
            "hash": self.checkpoint.hash,
            "key": self.checkpoint.key,
            "trouble": self.trouble,
            "snapshot": self.snapshot,
        }


@dataclass(frozen=True)
class Evidence:
    """The log in `store`, the keys that are trusted, and the branch that witnesses, if there is one."""

    store: Store
    trusted: Sequence[Verifier] = ()
    witness: Witness | None = None

    def verdict(self, full: bool = False, progress: Progress | None = None) -> Verdict:
        """Check the log, its checkpoints and its newest snapshot. `full`: every entry in every detail, whatever was signed, and
        the snapshot against the log folded again. Raises `StoreError`, `GitError`."""
        sightings = checkpoint.in_store(self.store, self.trusted)
        if self.witness:
            sightings = sightings.joined(self.witness.sightings(self.trusted))
        verdict = verify(self.store, progress, sightings, full)
        if verdict.ok and self.trusted:
            verdict.problems += snapshot.check(self.store, self.trusted, full)
        verdict.notes += self._notes(verdict, sightings)
        return verdict

    def seal(self, signer: Signer) -> Sealed:
        """Verify the log since the newest checkpoint and sign where it is; a snapshot with it, if it is time for one.

        What is not right is not signed: raises `LedgerError`. Raises `StoreError`."""
        verdict = verify_tail(self.store, self._newest())
        if not verdict.ok:
            raise LedgerError(
                f"no checkpoint was made: {verdict.problems[0]}",
                "Run `presstime audit verify`, and see the runbook in infra/README.md.",
            )
        made, note = checkpoint.write(self.store, signer, verdict.entries, verdict.head)
        sealed = Sealed(made, self._witnessed(made, note))
        return replace(sealed, snapshot=snapshot.take(self.store, signer, self.trusted, made.size))

    def _newest(self) -> Sightings:
        """The newest checkpoint of the bucket and of the branch: all that the tail is checked against."""
        sightings = checkpoint.newest_in_store(self.store, self.trusted)
        if self.witness:
            sightings = sightings.joined(self.witness.sightings(self.trusted, newest=True))
        return sightings

    def _witnessed(self, made: Checkpoint, note: bytes) -> str | None:
        if self.witness is None:
            return None
        try:
            return self.witness.record(made, note, made.time or self.store.now())
        except GitError as error:
            return error.message

    def _notes(self, verdict: Verdict, sightings: Sightings) -> list[str]:
        """What a reader of the verdict should know of how far it goes."""
        notes = []
        if sightings.found and not self.trusted:
            notes.append("presstime.toml names no [audit] verifier: who signed the checkpoints is not known")
        if self.witness and not any(s.source == "git" for s in sightings.found):
            notes.append(f"the branch {self.witness.branch!r} holds no checkpoints")
        if verdict.exposure is None:
            notes.append("there is no checkpoint: had the end of the log been cut off, nothing here would show it")
        elif verdict.exposure["entries"]:
            exposed = verdict.exposure
            notes.append(
                f"{exposed['entries']} entries came after the newest checkpoint ({exposed['since']}): had others been cut off "
                "there, nothing here would show it"
            )
        return notes
