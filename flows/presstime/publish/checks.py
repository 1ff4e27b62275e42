"""What `check` says of deliveries before they are: what keeps one from being said, and which of the newsroom's rules it breaks,
each at its place in the post's file."""

from collections.abc import Iterable, Iterator, Mapping

from presstime.content.newsroom import Newsroom
from presstime.content.places import Places, Search
from presstime.errors import RenderError
from presstime.model import Post, Problem, Target
from presstime.policy import Finding, Said, comparable, pattern_of, repeated, repeats, without_addresses
from presstime.problems import Place
from presstime.publish.words import UNKNOWN_NETWORK, Words


class Checks:
    """Renders every delivery of a newsroom once."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom = newsroom
        self._words = Words(newsroom, newsroom.read_blob)
        self._policy = newsroom.settings.policy
        self._said: list[tuple[Said, Post]] = []

    def problems(self) -> list[Problem]:
        """Of every post: one problem a channel where it cannot be said, one a place where it breaks a rule."""
        found = [problem for post in self._posts() for problem in self._of_post(post)]
        return found + list(self._of_repeats())

    def _posts(self) -> Iterator[Post]:
        return map(self._newsroom.loaded.whole, self._newsroom.loaded.each())

    def _of_post(self, post: Post) -> Iterator[Problem]:
        broken: dict[Finding, list[str]] = {}
        for target in post.targets:
            try:
                findings = self._judged(post, target)
            except RenderError as error:
                if error.code != UNKNOWN_NETWORK:  # reported once, at its channel
                    message = f"on channel {target.channel}: {error.message}"
                    yield Problem(post.path, 1, 1, "error", error.code, message, error.advice)
                continue
            for finding in findings:
                broken.setdefault(finding, []).append(target.channel)
        if broken:
            yield from self._at_their_places(post, broken)

    def _judged(self, post: Post, target: Target) -> list[Finding]:
        """The rules that a delivery breaks; none where it is not to go out. Raises `RenderError`."""
        rendered, findings = self._words.judged(post, target)
        if self._policy.repeat_within is not None and post.status == "ready" and self._policy.covers(target.due):
            self._said.append((Said(rendered.variant.delivery, comparable(rendered.variant), target.due), post))
        return findings if post.status != "retracted" else []

    def _at_their_places(self, post: Post, broken: Mapping[Finding, list[str]]) -> Iterator[Problem]:
        places = Places.of(self._newsroom.source.read(post.path))
        for finding, channels in broken.items():
            found = places.of_words(_finder(finding.word)) if finding.word else []
            if found:
                yield from (_problem(post, place, finding) for place in found)
            else:
                yield _problem(post, places.of_key(finding.key), finding, channels)

    def _of_repeats(self) -> Iterator[Problem]:
        """Posts that say what another one said shortly before, on the same channel."""
        if self._policy.repeat_within is None:
            return
        posts = {said.delivery: post for said, post in self._said}
        for mine, before in repeats((said for said, _ in self._said), self._policy.repeat_within):
            post = posts[mine.delivery]
            yield _problem(post, (1, 1), repeated(self._policy, before), [mine.delivery.channel])


def _finder(word: str) -> Search:
    pattern = pattern_of((word,))
    return lambda text: pattern.finditer(without_addresses(text))


def _problem(post: Post, place: Place, finding: Finding, channels: Iterable[str] = ()) -> Problem:
    names = ", ".join(channels)
    message = f"on channel {names}: {finding.message}" if names else finding.message
    return Problem(post.path, *place, finding.severity, finding.code, message, finding.advice)
