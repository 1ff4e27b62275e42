"""A newsroom at one moment: presstime.toml, the posts and the templates, all of one commit or of the working tree."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from presstime.content.posts import Posts, load_posts
from presstime.content.source import Source
from presstime.errors import ContentError
from presstime.model import Problem, digest_of
from presstime.settings import FILE, Settings, parse_settings

TEMPLATES = "templates"

Shelve = Callable[[Source, Settings, str], Posts]  # the last is the blob of presstime.toml


@dataclass(frozen=True)
class Newsroom:
    """What Git says. `templates` are the newsroom's own, by file name; they come before the shipped ones."""

    source: Source
    settings: Settings
    settings_blob: str
    loaded: Posts
    templates: Mapping[str, str] = field(default_factory=dict)

    @property
    def commit(self) -> str | None:
        return self.source.commit

    @property
    def templates_digest(self) -> str:
        return digest_of(dict(self.templates))

    @property
    def template_data(self) -> dict[str, object]:
        """What a template may say of the newsroom."""
        return {"name": self.settings.name, "vars": dict(self.settings.vars)}

    def read_blob(self, blob: str) -> bytes:
        """The bytes of a media file that one of the posts names, by its Git blob id."""
        return self.source.read(self._media_paths[blob])

    @cached_property
    def _media_paths(self) -> dict[str, str]:
        posts = list(self.loaded.each())
        refs = [ref for post in posts for ref in post.media]
        refs += [ref for post in posts for target in post.targets for ref in target.media or ()]
        return {ref.blob: ref.path for ref in refs}


def read_newsroom(
    source: Source,
    only: Collection[str] | None = None,
    settings: Settings | None = None,
    shelve: Shelve | None = None,
) -> Newsroom:
    """A newsroom with all of its posts read, or those of the paths `only`; with `shelve`, as that gives them.

    Raises `SettingsError` for an unusable presstime.toml, `ContentError` for a template that is not UTF-8 text.

    Problems of posts are not raised: they are in `loaded`, and the posts without errors go on. `settings` are those of the
    source, where they were read before."""
    settings_bytes = source.read(FILE)
    settings = settings or parse_settings(settings_bytes, FILE)
    entry = source.find(FILE)
    blob = entry.blob_id if entry else digest_of(settings_bytes)
    return Newsroom(
        source=source,
        settings=settings,
        settings_blob=blob,
        loaded=shelve(source, settings, blob) if shelve else load_posts(source, settings, only),
        templates=_templates(source),
    )


def _templates(source: Source) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in source.files(TEMPLATES, (".j2",)):
        try:
            found[entry.path.removeprefix(f"{TEMPLATES}/")] = source.load(entry).decode()
        except UnicodeDecodeError as error:
            problem = Problem(
                entry.path, 1, 1, "error", "not-utf-8", f"is not UTF-8 text ({error.reason})", "Save it as UTF-8."
            )
            raise ContentError([problem]) from error
    return found
