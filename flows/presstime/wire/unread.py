"""Plans without a log to read: of a newsroom as if nothing had gone out, and of a commit that is not the branch's."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from presstime.content.newsroom import Newsroom

if TYPE_CHECKING:
    from presstime.ledger.log import Ledger
    from presstime.publish.sync import Sync


def unlogged(newsroom: Newsroom) -> "Sync":
    """A plan of the newsroom as if nothing had ever been published: neither S3 nor credentials are asked for."""
    return against(newsroom, made_up_log(lambda: datetime.now(UTC)))


def against(newsroom: Newsroom, ledger: "Ledger") -> "Sync":
    """A plan of any commit's newsroom against a log, as if it were the branch's and approved: to look at, not to write down."""
    from presstime.publish.published import Published
    from presstime.publish.sync import Sync
    from presstime.publish.timing import Timing
    from presstime.publish.words import Words

    words = Words(newsroom, newsroom.read_blob, published=Published(lambda: ledger))
    return Sync(newsroom, ledger, Timing(ledger.store), words, lambda paths: {})


def made_up_log(clock: Callable[[], datetime]) -> "Ledger":
    """An empty log in this process alone, whose time is the clock's."""
    from presstime.ledger.cache import Cache
    from presstime.ledger.log import Ledger
    from presstime.stores.memory import Bucket, MemoryStore

    store = MemoryStore(Bucket(clock))
    return Ledger(store, Cache(None, store.name), "nobody/here/0/0")
