"""The two files of a form in the browser: the page that starts Decap CMS, and its configuration.

Options of backends are those of https://decapcms.org/docs/backends-overview/ and its pages; what a user has to set up for each is
said in the configuration's first lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import yaml

from presstime.content.form import Folder, Say, collections
from presstime.model import JsonObject
from presstime.settings import Settings

VERSION = "3.16.3"
SCRIPT = f"https://unpkg.com/decap-cms@{VERSION}/dist/decap-cms.js"
INTEGRITY = "sha384-A/Gdn928CNLufmnGWGs9RM4Q9o8bSNLeJERqBFrBjwzL7FRpoLT3MPF8Tl0+Wd2p"
DRAFTS = "presstime-drafts"  # a branch, for hosts on which Decap cannot have one for each draft
APP_ID = "write here the id that you were given"
_SPEC = re.compile(r"([a-z-]+)(?::([^@\s]+))?(?:@(https?://[^\s/]+)/?)?")
# In ECMAScript: as `slug` in identity.py makes an id of a title, with six characters of chance that make it unique. A post
# that is saved again keeps its own; a duplicate of one is a new post.
_IDS = """\
      CMS.registerEventListener({
        name: "preSave",
        handler: ({ entry }) => {
          const data = entry.get("data");
          if (data.get("id") && !entry.get("newRecord")) return data;
          const words = String(data.get("title") || "").normalize("NFD").replace(/([A-Za-z])[\\u0300-\\u036f]+/g, "$1")
            .normalize("NFC").toLowerCase().replace(/['\\u2019]/g, "").replace(/[^\\p{L}\\p{N}\\p{M}]+/gu, "-");
          const short = words.slice(0, 60).replace(/^-+|-+$/g, "") || "post";
          return data.set("id", short + "-" + crypto.randomUUID().slice(0, 6));
        },
      });
"""
_PAGE = """\
<!doctype html>
<html lang="{language}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>{name}</title>
    <!-- Decap's "Now" is this computer's clock, and times here are the newsroom's. -->
    <style>[data-testid="now-button"] {{ display: none !important }}</style>
  </head>
  <body>
    <!-- Without a request to others: put dist/decap-cms.js of the npm package decap-cms {version} beside this page, and name it here. -->
    <script src="{script}" integrity="{integrity}" crossorigin="anonymous"></script>
{ids}  </body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Host:
    """What Decap needs to be told of a kind of Git host. `api`: where the API of one's own server is, below its address."""

    setup: str
    repo: bool = True
    app_id: bool = False
    own_server: bool = False
    drafts: bool = True
    api: str = ""


_OAUTH = (
    "{name} lets nobody log in from a page alone: run an OAuth client (https://decapcms.org/docs/external-oauth-clients/) "
    "and write its address as backend.base_url."
)
_PKCE = (
    "Register an application on {name}, not confidential, that returns to the address of this page, and write its id as "
    "backend.app_id."
)
_CORS = " Its server must allow requests from this page (CORS)."
HOSTS = {
    "github": Host(_OAUTH, api="/api/v3"),
    "gitlab": Host(_PKCE + " Its scope is api.", app_id=True, api="/api/v4"),
    "bitbucket": Host(_OAUTH),
    "gitea": Host(_PKCE + _CORS, app_id=True, own_server=True, drafts=False, api="/api/v1"),
    "forgejo": Host(_PKCE + _CORS, app_id=True, own_server=True, api="/api/v1"),
    "git-gateway": Host(
        "Have a Git Gateway, and an identity service with its users, at /.netlify on this page's site.", repo=False
    ),
    "test-repo": Host("Only to try the form: nothing is kept.", repo=False),
}


@dataclass(frozen=True, slots=True)
class Backend:
    """Decap's `backend`, and whether each draft gets a branch of its own."""

    options: JsonObject
    drafts: bool
    setup: tuple[str, ...] = field(default=())


def backend_of(spec: str, branch: str) -> Backend:
    """What `github:owner/repo`, or `gitea:owner/repo@https://git.example`, means. Raises ValueError, saying what it lacks."""
    match = _SPEC.fullmatch(spec)
    host = HOSTS.get(match[1]) if match else None
    if match is None or host is None:
        raise ValueError(f"{spec!r} names no Git host that the form can write to")
    name, repo, server = match.groups()
    if host.repo and not re.fullmatch(r"[^/\s]+(/[^/\s]+)+", repo or ""):
        raise ValueError(f"{spec!r} does not say which repository")
    if host.own_server and not server:
        raise ValueError(f"{spec!r} does not say where its server is")
    options: JsonObject = {"name": name}
    if host.repo:
        options["repo"] = repo
    if name != "test-repo":
        options["branch"] = branch if host.drafts else DRAFTS
    if host.app_id:
        options |= {"auth_type": "pkce", "app_id": APP_ID}
    if server and host.api:
        options |= {"api_root": server + host.api}
        options |= {"base_url": server} if host.app_id else {}
    setup = [host.setup.format(name=name.title().replace("hub", "Hub").replace("lab", "Lab"))]
    if not host.drafts:
        setup.append(
            f"It has no drafts there: everything is saved to the branch {DRAFTS}. Make it, protect {branch}, and merge by hand."
        )
    return Backend(options, host.drafts, tuple(setup))


def configuration(
    settings: Settings, folders: Sequence[Folder], backend: Backend, prefix: str, media: str, say: Say
) -> JsonObject:
    """The whole configuration. `prefix` is the content root in the repository ("" or with a slash at its end), `media` the
    folder of new pictures below it."""
    return {
        "backend": backend.options,
        # A draft is a branch with a pull request: what nobody has merged is not on the branch that is published.
        **({"publish_mode": "editorial_workflow"} if backend.drafts else {}),
        "locale": language_of(settings),
        "media_folder": prefix + media,
        "public_folder": f"/{media.removeprefix('static/')}",
        "show_preview_links": False,
        "slug": {"encoding": "unicode", "clean_accents": True},
        "editor": {"preview": False},  # what readers will see, `presstime preview` and the pull request show
        "collections": collections(settings, list(folders), prefix, say),
    }


def language_of(settings: Settings) -> str:
    """The language of the form: Decap's own words are there in many, ours in English and French."""
    return "fr" if (settings.language or "").lower().partition("-")[0] == "fr" else "en"


def config_text(made: JsonObject, setup: Sequence[str]) -> str:
    """The configuration as YAML, with what has to be set up in its first lines."""
    said = [
        "The form for posts: written by `presstime init --cms` from presstime.toml. After a change there (a new channel,",
        "a new folder), remove this file and have it written again. Its options: https://decapcms.org/docs/configuration-options/",
        *setup,
    ]
    body = yaml.dump(made, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=120)
    return "".join(f"# {line}\n" for line in said) + "\n" + body


class _Plain(yaml.SafeDumper):
    """No anchors: people read this."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def page(settings: Settings) -> str:
    """The page that starts Decap. Where ids stand in front matter, it gives new posts theirs."""
    ids = "" if settings.content.identity == "name" else f"    <script>\n{_IDS}    </script>\n"
    return _PAGE.format(
        language=language_of(settings),
        name=escape(settings.name),
        version=VERSION,
        script=SCRIPT,
        integrity=INTEGRITY,
        ids=ids,
    )
