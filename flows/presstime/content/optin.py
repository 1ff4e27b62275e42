"""`[content] opt_in`: of a site's files, those that name channels are posts. All others are the site's own business: neither
checked nor published, however old or odd they are."""

import re

from presstime.content.frontmatter import MAX_SIZE

_WORD = re.compile(rb"channels", re.IGNORECASE)
_KEY = re.compile(
    rb"""^[ \t]*(?:\[+[ \t]*(?:extra[ \t]*\.[ \t]*)?)?["']?channels["']?[ \t]*(?:[:=\].]|\r?$)""", re.I | re.M
)


def says_channels(file: bytes) -> bool:
    """Whether the front matter may have the key: cheap, so that an archive costs next to nothing."""
    return _WORD.search(file, 0, MAX_SIZE) is not None


def names_channels(file: bytes) -> bool:
    """Whether a file that cannot be read as front matter looks as if it named channels: then somebody wants to know."""
    return _KEY.search(file, 0, MAX_SIZE) is not None
