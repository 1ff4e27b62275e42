"""A newsroom at one moment: presstime.toml, the posts and the templates, all of one commit or of the working tree."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from presstime.content.posts import Loaded, load_posts
from presstime.content.source import Source
from presstime.errors import ContentError
from presstime.model import Problem, digest_of
from presstime.settings import FILE, Settings, parse_settings

TEMPLATES = "templates"


@dataclass(frozen=True)
class Newsroom:
    """What Git says. `templates` are the newsroom's own, by file name; they come before the shipped ones."""

    source: Source
    settings: Settings
    settings_blob: str
    loaded: Loaded
    templates: Mapping[str, str] = field(default_factory=dict)

    @property
    def commit(self) -> str | None:
        return self.source.commit

    @property
    def templates_digest(self) -> str:
        return digest_of(dict(self.templates))

    def template_data(self) -> dict[str, object]:
        """What a template may say of the newsroom."""
        settings = self.settings
        return {"name": settings.name, "timezone": settings.timezone, "language": settings.language, **settings.vars}


def read_newsroom(source: Source, only: Collection[str] | None = None) -> Newsroom:
    """Raises `SettingsError` for an unusable presstime.toml, `ContentError` for a template that is not UTF-8 text.

    Problems of posts are not raised: they are in `loaded`, and the posts without errors go on."""
    settings_bytes = source.read(FILE)
    settings = parse_settings(settings_bytes, FILE)
    entry = source.find(FILE)
    return Newsroom(
        source=source,
        settings=settings,
        settings_blob=entry.blob_id if entry else digest_of(settings_bytes),
        loaded=load_posts(source, settings, only),
        templates=_templates(source),
    )


def _templates(source: Source) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in source.files(TEMPLATES):
        if not entry.path.endswith(".j2"):
            continue
        try:
            found[entry.path.removeprefix(f"{TEMPLATES}/")] = source.read(entry.path).decode()
        except UnicodeDecodeError as error:
            problem = Problem(
                entry.path, 1, 1, "error", "not-utf-8", f"is not UTF-8 text ({error.reason})", "Save it as UTF-8."
            )
            raise ContentError([problem]) from error
    return found
