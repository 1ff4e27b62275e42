"""The composition root: settings -> concrete parts, built when first needed, in one place.

`Desk` is one content root with everything a pass needs, in layers that each know the ones before: `branch` (Git), `log` (S3), `stages`
(plan, words, sending), `access` (credentials), `networks` (adapters), `desk` (a pass). `checks` and `unread` need no desk."""

from presstime.wire.branch import FETCHED, SANDBOX, STALE_MAX
from presstime.wire.checks import access_problems, network_problems, render_problems
from presstime.wire.desk import Desk, open_desk
from presstime.wire.places import MARK, STATE, content_path, content_root, last_pass, read_source, state_folder
from presstime.wire.secrets import KEEPERS, RESOLVERS
from presstime.wire.unread import against, made_up_log, unlogged

__all__ = [
    "FETCHED",
    "KEEPERS",
    "MARK",
    "RESOLVERS",
    "SANDBOX",
    "STALE_MAX",
    "STATE",
    "Desk",
    "access_problems",
    "against",
    "content_path",
    "content_root",
    "last_pass",
    "made_up_log",
    "network_problems",
    "open_desk",
    "read_source",
    "render_problems",
    "state_folder",
    "unlogged",
]
