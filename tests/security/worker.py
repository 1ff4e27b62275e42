"""A process that renders one hostile template after the other, and says of each how it ended and what it took.

    python -m tests.security.worker < templates.json

In: a JSON list of templates. Out: a JSON object a line with `code` (null if it said something), `seconds` of processor time
and `size` of what was said; the last one is an ordinary template's. No more memory than SPARE is given for all of it.
"""

import json
import resource
import sys
import time

from presstime.errors import RenderError
from presstime.render.templates import Templates
from tests.render.kit import PLAIN, post, say

SPARE = 256 * 1024 * 1024  # bytes beside what the program itself takes


def tried(source: str) -> dict[str, object]:
    """Render a short post with a template."""
    begun, code, size = time.process_time(), None, 0
    try:
        said = say(post(tags=("one", "two words")), PLAIN, templates=Templates({"plain.j2": source}))
        size = sum(len(segment.text.encode()) for segment in said.variant.segments)
    except RenderError as error:
        code = error.code
    return {"code": code, "seconds": time.process_time() - begun, "size": size}


def confine() -> None:
    """From here on no more than SPARE is to be had: beyond it there is a `MemoryError`, as on a small machine."""
    with open("/proc/self/statm", encoding="ascii") as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + SPARE, taken + SPARE))


def main() -> None:
    sources = json.load(sys.stdin)
    tried("{{ post.title }}")
    confine()
    for source in [*sources, "{{ post.title }}"]:
        print(json.dumps(tried(source)), flush=True)


if __name__ == "__main__":
    main()
