"""`presstime render PATH`: what a post will say on each channel, exactly as it would be sent."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from presstime.cli.output import FORMAT, problem_lines, say, say_json
from presstime.cli.voice import spoken
from presstime.errors import RenderError, UsageError
from presstime.model import JsonObject, Post, Segment, Target, Variant, has_errors
from presstime.problems import suggest


@click.command()
@click.argument("path")
@click.option("--channel", help="Only this channel.")
@click.option("--worktree", is_flag=True, help="Read the working tree (the default).")
@click.option("--commit", metavar="REV", help="Read this commit instead of the working tree.")
@FORMAT
@click.pass_obj
def command(directory: Path, path: str, channel: str | None, worktree: bool, commit: str | None, form: str) -> int:
    """What a post will say on each channel, exactly as it would be sent."""
    from presstime.content.newsroom import read_newsroom
    from presstime.publish.words import Words
    from presstime.wire import content_path, read_source

    if worktree and commit:
        raise UsageError("--worktree and --commit exclude each other", "Leave one of them out.")
    source = read_source(directory, commit)
    newsroom = read_newsroom(source)
    name = content_path(directory, path)
    problems = [p for p in newsroom.loaded.problems if p.path == name]
    if problems:
        say(problem_lines(problems))
    posts = [p for p in newsroom.loaded.each() if p.path == name]
    if not posts and not problems:
        raise UsageError(f"{path} is not a post of this newsroom", "Posts are below the folders of [content] posts.")
    words, shown, failed = Words(newsroom, newsroom.read_blob), [], has_errors(problems)
    for target in _targets(posts, channel):
        try:
            shown.append(words.render(posts[0], target).variant)
        except RenderError as error:
            failed = True
            say(f"{path}: error [{error.code}] on channel {target.channel}: {error}")
    if form == "json":
        say_json([as_json(variant) for variant in shown])
    else:
        click.echo("\n\n".join("\n".join(_lines(variant)) for variant in shown))
    return 1 if failed else 0


def _targets(posts: Sequence[Post], channel: str | None) -> Sequence[Target]:
    """What is to be shown. Raises `UsageError` for a channel that the post is not meant for."""
    targets = [target for post in posts for target in post.targets]
    names = [target.channel for target in targets]
    if channel is not None and posts and channel not in names:
        raise UsageError(f"the post is not meant for a channel {channel!r}", suggest(channel, names, "channels"))
    return [target for target in targets if channel in (None, target.channel)]


def as_json(variant: Variant) -> JsonObject:
    """The shape programs rely on."""
    return {
        "post": variant.delivery.post,
        "channel": variant.delivery.channel,
        "network": variant.network,
        "digest": variant.digest,
        "segments": [_segment(s) for s in variant.segments],
        "media": [
            {"path": m.path, "mime": m.mime, "width": m.width, "height": m.height, "bytes": m.size, "alt": m.alt}
            for m in variant.attachments()
        ],
    }


def _segment(segment: Segment) -> JsonObject:
    links = [s.value for s in segment.spans if s.kind == "link"]
    return {
        "text": segment.text,
        "length": segment.length,
        "limit": segment.limit,
        "unit": segment.unit,
        "links": links + ([segment.card.url] if segment.card and segment.card.url not in links else []),
        "payload": segment.payload,
    }


def _lines(variant: Variant) -> Iterator[str]:
    yield spoken(f"== {variant.delivery.channel} ({variant.network}), digest {variant.digest[:12]}")
    for segment in variant.segments:
        part = f"{segment.index + 1} of {len(variant.segments)}, " if len(variant.segments) > 1 else ""
        yield spoken(f"-- {part}{segment.length} of {segment.limit} {segment.unit}")
        yield segment.text
        for item in segment.media:
            yield f"[{item.mime.split('/')[-1]} {item.width}x{item.height}: {item.alt}]"
        if segment.card:
            yield f"[{spoken('card')}: {segment.card.title} {segment.card.url}]"
