"""What deliveries say: rendering, bound to one newsroom and the networks' own traits. Preview, plan and publish all ask here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from presstime import __version__
from presstime.content.newsroom import Newsroom
from presstime.errors import GitError, NetworkError, RenderError, SettingsError
from presstime.model import (
    Attachment,
    Channel,
    Delivery,
    JsonObject,
    Markup,
    MediaRef,
    Post,
    Target,
    Traits,
    Variant,
    digest_of,
)
from presstime.networks import load
from presstime.networks.base import Composer
from presstime.policy import Finding, Said, comparable, judge, repeat_of, repeated
from presstime.render import Rendered, Templates, render
from presstime.render.campaign import Campaign
from presstime.render.forms import DOCUMENTS
from presstime.render.media import prepare_image
from presstime.render.templates import shipped_digest
from presstime.settings.policy import NO_RULES

UNKNOWN_NETWORK = "unknown-network"  # the code that settings.check_networks reports at the channel itself


@dataclass
class Words:
    """Renders deliveries of one newsroom. Variants are kept for the length of a pass, media bytes are not."""

    newsroom: Newsroom
    read_blob: Callable[[str], bytes]  # Git blob id -> bytes
    # Who is known to have said just this on a channel; see `comparable` and `publish/published.py`
    published: Callable[[str, str], Iterable[Said]] = lambda channel, text: ()
    _variants: dict[Delivery, Variant] = field(default_factory=dict)
    _whole: dict[Delivery, Rendered] = field(default_factory=dict)  # those without files

    @cached_property
    def templates(self) -> Templates:
        return Templates(self.newsroom.templates)

    @cached_property
    def engine(self) -> str:
        """The digest of what renders, beside Git: if it is the same, so are the words."""
        return digest_of([__version__, shipped_digest()])

    def channel(self, name: str) -> Channel:
        """Raises `RenderError` for a channel that presstime.toml has no more."""
        try:
            return self.newsroom.settings.channels[name]
        except KeyError:
            raise RenderError(
                f"channel {name!r} is not in presstime.toml any more", "Put it back, or settle this by hand.", "channel"
            ) from None

    def traits(self, name: str) -> Traits | None:
        """What a channel's network can do; None if there is no such channel or network any more."""
        try:
            return traits_on(self.channel(name))
        except RenderError:
            return None

    def assisted(self, name: str) -> bool:
        """Whether a person posts on a channel."""
        channel = self.newsroom.settings.channels.get(name)
        return channel is not None and channel.assisted

    def render(self, post: Post, target: Target) -> Rendered:
        """Raises `RenderError` where the post cannot be said on this channel, or must not be by the newsroom's rules."""
        known = self._whole.get(target.of(post.id))
        if known and known.variant.at == target.due:
            return known
        rendered, findings = self.judged(post, target)
        if errors := [finding for finding in findings if finding.severity == "error"]:
            raise _against_the_rules(errors)
        self._variants[rendered.variant.delivery] = rendered.variant
        if not rendered.files:
            self._whole[rendered.variant.delivery] = rendered
        return rendered

    def judged(self, post: Post, target: Target) -> tuple[Rendered, list[Finding]]:
        """What is said, whatever the newsroom's rules say of it, and what they say. Raises `RenderError` where nothing can
        be said."""
        rendered = self._rendered(post, target)
        if self.newsroom.settings.policy == NO_RULES:
            return rendered, []
        settings, channel = self.newsroom.settings, self.channel(target.channel)
        traits, zone = traits_on(channel), channel.timezone or settings.timezone
        findings = judge(settings.policy, post, target, rendered.variant, traits, zone)
        within = settings.policy.repeat_within
        if within is not None and settings.policy.covers(target.due):
            mine = Said(rendered.variant.delivery, comparable(rendered.variant), target.due)
            before = repeat_of(mine, self.published(target.channel, mine.text), within)
            findings += [repeated(settings.policy, before)] if before else []
        return rendered, findings

    def _rendered(self, post: Post, target: Target) -> Rendered:
        channel = self.channel(target.channel)
        return render(
            post,
            target,
            channel,
            traits_on(channel),
            _adapter_of(channel).compose,
            self.newsroom.template_data,
            self.templates,
            self.read_blob,
            target.occurrence,
            campaign=self._campaign(post, channel),
        )

    def _campaign(self, post: Post, channel: Channel) -> Campaign | None:
        """What the links of a post of a campaign tell the newsroom's own site, where the newsroom wants to know."""
        utm = self.newsroom.settings.utm
        if utm is None or post.campaign is None:
            return None
        fields = {"network": channel.network, "channel": channel.name, "campaign": post.campaign, "post": post.id}
        return Campaign(utm.sites, utm.parameters(**fields))

    def digest(self, post: Post, target: Target) -> str:
        """The digest of a delivery's variant. Raises `RenderError`."""
        return self.variant(post, target).digest

    def variant(self, post: Post, target: Target) -> Variant:
        """What is said. Raises `RenderError`."""
        known = self._variants.get(target.of(post.id))
        return known if known and known.at == target.due else self.render(post, target).variant

    def said(self, post: Post, target: Target) -> str:
        """The digest of the bare words and pictures: equal for two posts that say the same. Raises `RenderError`."""
        return comparable(self.variant(post, target))

    def known(self, delivery: Delivery) -> Variant | None:
        """The variant, if it was rendered in this pass."""
        return self._variants.get(delivery)

    def payload(self, delivery: Delivery) -> JsonObject:
        """The variant as the log keeps it, of a delivery that was rendered in this pass."""
        return self._variants[delivery].to_json()

    def reread(self, variant: Variant, item: Attachment) -> bytes:
        """The bytes of an attachment that an earlier worker meant to send, made again from Git and checked by digest.

        Raises `NetworkError` where the same bytes cannot be had any more."""
        channel = self.newsroom.settings.channels.get(variant.delivery.channel)
        rule = load(variant.network).traits.limited(channel.limits if channel else {}).media
        try:
            data = self.read_blob(item.blob)
        except GitError as error:
            raise NetworkError(f"{item.path}: {error.message}", error.advice, needs_person=True) from error
        if digest_of(data) == item.digest:
            return data
        if rule is not None:
            attachment, made = prepare_image(data, _as_named(item, len(data)), rule)
            if attachment.digest == item.digest:
                return made
        raise NetworkError(
            f"{item.path}: the picture that was to be sent cannot be made again byte for byte",
            "It was prepared by another version; look at the channel and post the rest by hand.",
            needs_person=True,
        )


def traits_on(channel: Channel) -> Traits:
    """What can be said on a channel: its network's traits, with the limits of its own. What a person pastes into a network's page
    has no marks beside its words, and no card but the one that the network makes of the link. Raises `RenderError`."""
    traits = _adapter_of(channel).traits.limited(channel.limits)
    if not channel.assisted:
        return traits
    markup: Markup = traits.markup if traits.markup in DOCUMENTS else "plain"
    return replace(traits, markup=markup, marks=frozenset() if markup == "plain" else traits.marks, card=False)


def _adapter_of(channel: Channel) -> type[Composer]:
    """Raises `RenderError` for a network nobody serves: that channel's deliveries are held, the others go on."""
    try:
        return load(channel.network)
    except SettingsError as error:
        raise RenderError(error.message, error.advice, UNKNOWN_NETWORK) from None


def _as_named(item: Attachment, size: int) -> MediaRef:
    return MediaRef(item.path, item.blob, size, item.alt, None, item.focus)


def _against_the_rules(errors: Sequence[Finding]) -> RenderError:
    """All of them in one: what holds a delivery is mended at once."""
    advice = " ".join(dict.fromkeys(error.advice for error in errors))
    return RenderError("; ".join(error.message for error in errors), advice, errors[0].code)
