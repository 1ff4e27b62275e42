"""The stages of a pass over a branch and its log: words, plan, jobs, sending, what is handed to people."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from presstime.language import Language
from presstime.model import DeliveryState, Status
from presstime.wire.log import Logged
from presstime.wire.places import STATE

if TYPE_CHECKING:
    from presstime.publish.handout import Handouts
    from presstime.publish.jobs import Jobs
    from presstime.publish.send import Publisher
    from presstime.publish.sync import Sync
    from presstime.publish.words import Words


@dataclass
class Staged(Logged):
    """A branch and its log with the stages that work on them."""

    @cached_property
    def words(self) -> "Words":
        from presstime.publish.published import Published
        from presstime.publish.words import Words

        return Words(self.newsroom, self.repository.read_blob, published=Published(lambda: self.ledger))

    @cached_property
    def sync(self) -> "Sync":
        from presstime.publish.sync import Sync

        newsroom = self.newsroom
        return Sync(
            newsroom,
            self.ledger,
            self.timing,
            self.words,
            self._provenance,
            self.approvals.refused,
            cache(lambda other: self.repository.lies_ahead(newsroom.commit or "", other)),
            self._read_at,
        )

    @cached_property
    def jobs(self) -> "Jobs":
        from presstime.publish.jobs import Jobs

        return Jobs(self.words, self.ledger, self.sync.wanted)

    @cached_property
    def publisher(self) -> "Publisher":
        from presstime.publish.send import Publisher

        return Publisher(self.ledger, self.timing)

    @cached_property
    def handouts(self) -> "Handouts":
        """What people need for the deliveries that were handed to them."""
        from presstime.publish.handout import Handouts

        folder, channels = self.state_folder(STATE) / "assisted", self.settings.channels
        language = Language(self.settings.language or "en")  # the newsroom's: who posts there is not known
        return Handouts(folder, self.ledger.payload, self.words.reread, channels.get, language.say)

    def waiting(self) -> list[DeliveryState]:
        """What people have to post, as the log was last read; longest first."""
        found = self.ledger.cache.standing(Status.HANDED)
        return sorted(found, key=lambda state: (state.handed or self.timing.now(), state.delivery))

    def busy(self) -> list[DeliveryState]:
        """Deliveries Git wants that another worker has claimed, as the log was last read."""
        from presstime.ledger.claims import held_by_another

        now, claimed = self.store.now(), [state for state in self.ledger.cache.open() if state.claim]
        return [s for s in claimed if held_by_another(s, now, self.ledger.writer) and self.sync.wants(s.delivery)]
