"""Templates say the words of a post, in Markdown. Shipped ones stand in templates/; a content repository's go before them."""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from traceback import extract_tb
from typing import Any

from jinja2 import BaseLoader, Environment, TemplateNotFound, TemplateSyntaxError
from jinja2.exceptions import TemplateRuntimeError

from presstime.errors import RenderError
from presstime.model import Json, digest_of
from presstime.render.budget import Spent
from presstime.render.filters import fitting, opening, plain, typed, untitled
from presstime.render.sandbox import Sandbox, generate, reading

FOLDER = "templates/"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.j2")
DEFAULT = "default.j2"  # for a network that has no template of its own
ADVICE = "See templates/README.md for what a template may use."


class Templates:
    """The shipped templates and a content repository's own: `overrides` is file name (`mastodon.j2`, `brand-x.j2`,
    `macros.j2`) -> source text."""

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        self._overrides = {name.removeprefix(FOLDER): source for name, source in (overrides or {}).items()}
        self._sandbox = Sandbox(loader=_Loader(self._overrides))
        own: Mapping[str, Any] = {"plain": plain, "typed": typed, "opening": opening, "untitled": untitled}
        self._sandbox.filters |= {name: reading(function) for name, function in own.items()}
        self._sandbox.tests["fitting"] = reading(fitting)

    def say(self, channel: str, network: str, data: Mapping[str, Json], own: str | None = None) -> str:
        """The Markdown of the post's own template, else the channel's, else the network's. Raises `RenderError`
        (`template`) with the template's file and line. This is the one door to running a template."""
        name = f"{own}.j2" if own else self._name(channel, network)
        said = plain_data(data)
        try:
            template = self._sandbox.get_template(name)
            return generate(template, said, size=len(said["post"]["body"]))
        except (TemplateSyntaxError, TemplateNotFound) as error:
            raise _broken(error, name) from None
        except Exception as error:  # whatever an author's expression may run into: a wrong type, a division by nought
            raise _failed(error, name) from None

    def _name(self, channel: str, network: str) -> str:
        wanted = (f"{channel}.j2", f"{network}.j2")
        return next((name for name in wanted if name in self._overrides or _shipped(name)), DEFAULT)


class _Loader(BaseLoader):
    def __init__(self, overrides: Mapping[str, str]) -> None:
        self.overrides = overrides

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        source = self.overrides.get(template)
        if source is None:
            path = _shipped(template)
            if path is None:
                raise TemplateNotFound(template)
            source = path.read_text(encoding="utf-8")
        return source, FOLDER + template, None


def _shipped(name: str) -> Path | None:
    """The file of a shipped template."""
    return _files().get(name)


@lru_cache(maxsize=1)
def _files() -> Mapping[str, Path]:
    """All shipped templates by name: inside an installed package, or beside `flows/` in a source checkout."""
    package = Path(__file__).resolve().parents[1]
    folders = (package / "_templates", package.parents[1] / "templates")
    return {
        file.name: file for folder in reversed(folders) for file in folder.glob("*.j2") if NAME.fullmatch(file.name)
    }


def shipped_digest() -> str:
    """The digest of all shipped templates: together with the version it says whether words may have changed."""
    shipped = _shipped(DEFAULT)
    files = sorted(shipped.parent.glob("*.j2")) if shipped else []
    return digest_of({file.name: file.read_text() for file in files})


def plain_data(value: Any) -> Any:
    """Text, numbers, lists and maps only: a template never gets an object whose attributes or methods it could reach."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_data(item) for item in value]
    return value.isoformat() if isinstance(value, date) else str(value)


def _broken(error: TemplateSyntaxError | TemplateNotFound, name: str) -> RenderError:
    if isinstance(error, TemplateSyntaxError):
        where = f"{error.filename or FOLDER + name}:{error.lineno}"
        return RenderError(f"{where}: {error.message}", f"Mend the template's syntax. {ADVICE}", "template")
    return RenderError(f"{FOLDER}{name}: there is no template {error.message!r}", ADVICE, "template")


def _failed(error: Exception, name: str) -> RenderError:
    where = f"{FOLDER}{name}"
    for frame in extract_tb(error.__traceback__):
        if frame.filename.startswith(FOLDER):
            where = f"{frame.filename}:{frame.lineno}"
    if isinstance(error, Spent):
        return RenderError(
            f"{where}: the template takes too much: {error}", "Make it say less, or in fewer turns.", "template"
        )
    if isinstance(error, TemplateRuntimeError):
        return RenderError(f"{where}: {error}", ADVICE, "template")
    return RenderError(f"{where}: {type(error).__name__}: {error}", ADVICE, "template")
