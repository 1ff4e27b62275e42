"""The log in S3, its copy on this machine, and what proves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from presstime.errors import SettingsError
from presstime.model import Delivery, DeliveryState
from presstime.settings import FILE, reveal
from presstime.wire.branch import Branch
from presstime.wire.places import STATE
from presstime.wire.secrets import RESOLVERS

if TYPE_CHECKING:
    from presstime.ledger.evidence import Evidence
    from presstime.ledger.log import Ledger
    from presstime.ledger.note import Signer, Verifier
    from presstime.publish.timing import Timing
    from presstime.stores.base import Store


@dataclass
class Logged(Branch):
    """A branch with its log."""

    @cached_property
    def store(self) -> "Store":
        from presstime.stores.s3 import S3Store

        audit = self.settings.audit
        if audit.embedded:
            from presstime.embedded import s3

            folder = self.state_folder(audit.embedded)
            running = self.stack.enter_context(s3.service(folder))
            url, credentials = f"http://127.0.0.1:{running.running_port}", s3.credentials_of(folder)
            store = S3Store(audit.bucket or "presstime", audit.prefix, url, credentials=credentials)
            s3.when_ready(store.make_bucket)
            return store
        if not audit.bucket:
            raise SettingsError(
                f"{FILE} names no bucket for the audit log",
                'Add [audit] with `bucket = "..."`, or `embedded = ".presstime/s3"` to keep it on this machine.',
            )
        return S3Store(audit.bucket, audit.prefix, audit.endpoint_url, audit.region)

    @cached_property
    def ledger(self) -> "Ledger":
        from presstime.ledger.cache import Cache
        from presstime.ledger.log import Ledger
        from presstime.ledger.snapshot import Starter
        from presstime.model import digest_of
        from presstime.processes import own_name

        name = self.settings.audit.embedded or self.store.name  # an embedded server may change its port
        cache = Cache(self.state_folder(f"{STATE}/cache") / f"{digest_of(name.encode())[:16]}.sqlite", name)
        self.stack.callback(cache.close)
        return Ledger(self.store, cache, own_name(), start=Starter(self.trusted) if self.trusted else None)

    @cached_property
    def trusted(self) -> "tuple[Verifier, ...]":
        """The keys that checkpoints and snapshots must be signed by. Raises `SettingsError`."""
        from presstime.ledger.note import Verifier

        return tuple(Verifier.parse(key) for key in self.settings.audit.verifier)

    @cached_property
    def evidence(self) -> "Evidence":
        """The log with its checkpoints, wherever they are."""
        from presstime.ledger.evidence import Evidence
        from presstime.ledger.witness import Witness

        branch, remote = self.settings.audit.witness_branch, self.settings.git.remote
        return Evidence(self.store, self.trusted, Witness(self.root, branch, remote) if branch else None)

    def signer(self) -> "Signer":
        """The key that signs checkpoints. Raises `SettingsError` where there is none, or one that is not trusted."""
        from presstime.ledger.note import KEYGEN_ADVICE, Signer

        place = self.settings.audit.signing_key
        if place is None:
            raise SettingsError(f"{FILE} names no [audit] signing_key: nothing can be signed", KEYGEN_ADVICE)
        try:
            signer = Signer.parse(reveal(place, self.root, self.environ, RESOLVERS))
        except SettingsError as error:
            raise SettingsError(f"[audit] signing_key: {error.message}", error.advice) from error
        if signer.verifier not in self.trusted:
            raise SettingsError(
                f"the signing key {place} is not one of those that [audit] verifier names",
                f'Add to [audit] in {FILE}: verifier = "{signer.verifier}"',
            )
        return signer

    def ledger_states(self) -> Mapping[Delivery, DeliveryState]:
        """What the log says now, read anew."""
        self.ledger.catch_up()
        return self.ledger.states()

    @cached_property
    def timing(self) -> "Timing":
        from presstime.publish.timing import Timing

        return Timing(self.store)
