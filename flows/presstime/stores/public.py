"""Media for networks that fetch them by address (`Traits.public_media`): put into a bucket, and shown for a while to whoever
has an address that cannot be guessed. The bucket itself stays private."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from mimetypes import guess_extension

from presstime.errors import NetworkError, StoreError
from presstime.model import Attachment
from presstime.stores.base import Store

FOLDER = "media/"
LIFE = timedelta(hours=1)  # of an address: a network fetches at once, or while it works on a film
# A bucket may throw away what is a day old, and no address may outlive its object: what is older is put anew.
FRESH = timedelta(hours=12)


@dataclass
class PublicMedia:
    """Shows attachments of one newsroom. `store` gives the bucket when it is first needed."""

    store: Callable[[], Store]
    _put: set[str] = field(default_factory=set)  # the keys of what this pass has put

    def address_of(self, item: Attachment, content: bytes) -> str:
        """Where the bytes of an attachment can be read from now on, for LIFE. Each is written once.

        Raises `NetworkError` where the bucket cannot be used now."""
        key = f"{FOLDER}{item.digest}{guess_extension(item.mime) or ''}"
        try:
            store = self.store()
            if key not in self._put and not _is_fresh(store, key):
                store.put(key, content, item.mime)
            self._put.add(key)
            return store.address(key, LIFE)
        except StoreError as error:
            raise NetworkError(f"{item.path} cannot be shown to the network: {error.message}", error.advice) from error


def _is_fresh(store: Store, key: str) -> bool:
    there = next((stat for stat in store.list(key) if stat.key == key), None)
    return there is not None and store.now() - there.modified < FRESH
