"""From an action of the plan to a job: the words rendered anew and held against what was approved, or as an earlier worker
meant them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from presstime.errors import LedgerError
from presstime.ledger.claims import step
from presstime.ledger.log import Ledger, View
from presstime.model import Action, Attachment, Delivery, Event, Status, Variant
from presstime.pauses import Scope, scopes_of
from presstime.plan import Wanted
from presstime.plan.pauses import lapse
from presstime.publish.change import ChangeJob, takedown
from presstime.publish.send import Job
from presstime.publish.words import Words


@dataclass(frozen=True)
class Jobs:
    """Makes jobs of one newsroom's posts."""

    words: Words
    ledger: Ledger
    wanted: Callable[[Delivery], Wanted | None]  # what the last plan wanted, with its instant

    def of(self, action: Action) -> Job | None:
        """The job for a `publish` action; None where it must be held instead, which is then in the log.

        Raises `RenderError` where the channel or post is no more."""
        state = self.ledger.state(action.delivery)
        if state is not None and state.begun and state.status is not Status.REFUSED:
            return self._as_begun(action, state.sent_digest)
        return self._as_approved(action)

    def change_of(self, action: Action) -> ChangeJob | None:
        """The job for an `edit` or `retract` action; None where the words are not those that were approved: the next plan
        looks again.

        Raises `RenderError` where the channel is no more or the words cannot be rendered, `LedgerError` for a delivery that
        was never published."""
        delivery, state = action.delivery, self.ledger.state(action.delivery)
        if state is None:
            raise LedgerError(f"{delivery} is not in the log", "Run `presstime publish` again.")
        before = Variant.from_json(self.ledger.payload(state.sent_digest))
        channel = self.words.channel(delivery.channel)
        if action.action == "retract":
            return takedown(before, channel, reason=action.reason, commit=self.words.newsroom.commit)
        why = {"reason": action.reason, "commit": self.words.newsroom.commit}
        wanted = self.wanted(delivery)
        if state.drift is not None and state.drift.undo and action.digest == state.sent_digest:
            scopes = self._scopes(delivery, wanted.post.campaign if wanted else None)
            return ChangeJob("edit", before, before, channel, lambda item: self.words.reread(before, item), why, scopes)
        if wanted is None:
            return None
        rendered = self.words.render(wanted.post, replace(wanted.target, due=before.at))
        if rendered.variant.digest != action.digest:
            return None
        files = rendered.files
        scopes = self._scopes(delivery, wanted.post.campaign)
        return ChangeJob("edit", before, rendered.variant, channel, lambda item: files[item.digest], why, scopes)

    def _as_begun(self, action: Action, digest: str) -> Job:
        """What is begun is finished as it was begun: the log holds what was meant."""
        variant = Variant.from_json(self.ledger.payload(digest))
        channel = self.words.channel(action.delivery.channel)
        wanted = self.wanted(action.delivery)
        partial = wanted.post.on_partial if wanted else "resume"
        scopes = self._scopes(action.delivery, wanted.post.campaign if wanted else None)
        return Job(variant, channel, variant.at, lambda item: self.words.reread(variant, item), partial, scopes)

    def _as_approved(self, action: Action) -> Job | None:
        wanted = self.wanted(action.delivery)
        if wanted is None:
            return None
        post, target = wanted.post, wanted.target
        rendered = self.words.render(post, target)
        if rendered.variant.digest != action.digest:
            self._hold(action, rendered.variant.digest)
            return None

        def read(item: Attachment) -> bytes:
            return rendered.files[item.digest]

        channel = self.words.channel(target.channel)
        scopes = self._scopes(action.delivery, post.campaign)
        ends = lapse(target, post.expires_at)
        return Job(rendered.variant, channel, target.due, read, post.on_partial, scopes, ends)

    def _scopes(self, delivery: Delivery, campaign: str | None) -> frozenset[Scope]:
        return scopes_of(delivery.channel, self.words.newsroom.settings.groups, campaign)

    def _hold(self, action: Action, digest: str) -> None:
        reason = f"rendered {digest[:12]}, approved {action.digest[:12]}: what would be sent is not what was approved"
        event = step("held", action.delivery, reason=reason)

        def propose(view: View) -> list[Event]:
            state = view(action.delivery)
            return [event] if state and not state.begun else []

        self.ledger.append(propose)
