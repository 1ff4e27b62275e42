"""Stage 3: (post, channel, traits) -> Variant. Pure: no clock, no network, no files but the shipped templates.

`render` makes a variant, `Templates` holds what says its words; `presstime.render.measure` counts as a network does.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from presstime.render.templates import Templates
    from presstime.render.variant import Rendered, render

_HOMES = {"Templates": "templates", "Rendered": "variant", "render": "variant"}
__all__ = ["Rendered", "Templates", "render"]


def __getattr__(name: str) -> Any:
    """Each name is imported when it is first asked for: measuring a text takes neither Jinja nor a Markdown parser."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
