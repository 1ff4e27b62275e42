"""How an account of each network is logged in to, as data. A network of another package has its own facts in `Composer.oauth`.

Addresses are the networks' own. Where a channel's `base_url` is another server's (Mastodon's, or a sandbox), each is taken
below it, with its path. Sources stand beside each; what is marked "told" is by third parties, and a live account has to show it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Swap:
    """A GET that answers a token for a token, beside RFC 6749: Meta's. `parameter` is what the token in hand goes as; `app`
    says what of the app goes along; `not_before` is how old that token must be."""

    address: str
    grant_type: str
    parameter: str = "access_token"
    app: tuple[Literal["client_id", "client_secret"], ...] = ()
    not_before: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class OAuth:
    """The facts of one network's OAuth 2.0 (RFC 6749; PKCE is RFC 7636, device codes RFC 8628, loopback RFC 8252).

    `renewal` says how an access token is renewed: "keeps" (the refresh token stays good), "rotates" (it is good for one use, and
    the answer has the next one), "swap" (the access token itself is exchanged by `swap`), or not at all. `life` is that of an
    access token and `refresh_life` that of a refresh token, where the answers do not tell; `sliding` says whether a renewal
    begins the latter anew.
    """

    authorize: str
    token: str
    scopes: tuple[str, ...]
    joined_by: str = " "  # between scopes; RFC 6749 wants a blank
    pkce: bool = True
    authenticate: Literal["basic", "post"] = "post"  # how an app with a secret shows it
    loopback: Literal["any port", "as registered", "no"] = "as registered"  # which redirects to this machine it allows
    parameters: Mapping[str, str] = field(
        default_factory=dict
    )  # of the authorization request, beside those of RFC 6749
    token_parameters: Mapping[str, str] = field(default_factory=dict)  # of token requests, likewise
    device: str | None = None
    register: str | None = None  # where an app makes itself known, without a person
    lengthen: Swap | None = (
        None  # done once after the login: a token that lives for hours becomes one that lives for weeks
    )
    pages: str | None = (
        None  # where a person's token is exchanged for that of the page which the channel's account names
    )
    renewal: Literal["keeps", "rotates", "swap"] | None = None
    swap: Swap | None = None
    life: timedelta | None = None
    refresh_life: timedelta | None = None
    sliding: bool = True
    console: str = ""  # where a person registers the app


def below(address: str, base_url: str | None, default: str | None) -> str:
    """An address of the network: below `base_url`, where that is not the network's `default`."""
    if base_url is None or base_url.rstrip("/") == (default or "").rstrip("/"):
        return address
    parts = urlsplit(address)
    return base_url.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")


# docs.x.com, "OAuth 2.0 authorization code flow with PKCE" and "user access token" (a confidential client authenticates by Basic; an
# access token lives for 2 hours). That a refresh token is good for one use, and that using it again ends all that came of it, is told
# (trypostit/trypost#126), as is its life of 6 months.
X = OAuth(
    authorize="https://x.com/i/oauth2/authorize",
    token="https://api.x.com/2/oauth2/token",  # noqa: S106 - an address
    scopes=("tweet.read", "tweet.write", "users.read", "media.write", "offline.access"),
    authenticate="basic",
    renewal="rotates",
    life=timedelta(hours=2),
    refresh_life=182 * DAY,
    console="https://developer.x.com (User authentication settings; type: Web App or Native App)",
)

# developers.facebook.com, "Manually build a login flow", "Long-lived tokens", "Page access tokens": a page's token made with a
# long-lived token of a person has no end of its own. Redirects must be https unless the app is in development.
FACEBOOK = OAuth(
    authorize="https://www.facebook.com/v26.0/dialog/oauth",
    token="https://graph.facebook.com/v26.0/oauth/access_token",  # noqa: S106
    scopes=(
        "pages_show_list",
        "pages_manage_posts",
        "pages_read_engagement",
        "pages_read_user_content",
        "read_insights",
    ),
    joined_by=",",
    pkce=False,
    loopback="no",
    lengthen=Swap(
        "https://graph.facebook.com/v26.0/oauth/access_token",
        "fb_exchange_token",
        "fb_exchange_token",
        ("client_id", "client_secret"),
    ),
    pages="https://graph.facebook.com/v26.0/me/accounts",
    console="https://developers.facebook.com/apps (Facebook Login, Valid OAuth Redirect URIs)",
)

# developers.facebook.com, "Business Login for Instagram", reference `access_token` and `refresh_access_token`: an hour, then 60 days,
# renewed when at least 24 hours old and not ended.
INSTAGRAM = OAuth(
    authorize="https://www.instagram.com/oauth/authorize",
    token="https://api.instagram.com/oauth/access_token",  # noqa: S106
    scopes=(
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_comments",
        "instagram_business_manage_insights",
    ),
    joined_by=",",
    pkce=False,
    loopback="no",
    lengthen=Swap("https://graph.instagram.com/access_token", "ig_exchange_token", app=("client_secret",)),
    renewal="swap",
    swap=Swap("https://graph.instagram.com/refresh_access_token", "ig_refresh_token", not_before=DAY),
    life=60 * DAY,
    console="https://developers.facebook.com/apps (Instagram, API setup with Instagram login)",
)

# developers.facebook.com, "Get access tokens and permissions", "Long-lived tokens" of the Threads API: as Instagram's.
THREADS = OAuth(
    authorize="https://threads.net/oauth/authorize",
    token="https://graph.threads.net/oauth/access_token",  # noqa: S106
    scopes=(
        "threads_basic",
        "threads_content_publish",
        "threads_read_replies",
        "threads_manage_replies",
        "threads_manage_insights",
        "threads_delete",
    ),
    joined_by=",",
    pkce=False,
    loopback="no",
    lengthen=Swap("https://graph.threads.net/access_token", "th_exchange_token", app=("client_secret",)),
    renewal="swap",
    swap=Swap("https://graph.threads.net/refresh_access_token", "th_refresh_token", not_before=DAY),
    life=60 * DAY,
    console="https://developers.facebook.com/apps (Threads API, Redirect Callback URLs)",
)

_LINKEDIN = "https://www.linkedin.com/oauth/v2"
_LINKEDIN_APPS = "https://www.linkedin.com/developers/apps (Auth, Authorized redirect URLs)"

# learn.microsoft.com, "3-legged OAuth flow", "Programmatic refresh tokens": 60 days; a refresh token only for some partners, and its
# 365 days are not begun anew. PKCE is for apps that LinkedIn enabled it for.
LINKEDIN_PAGE = OAuth(
    authorize=f"{_LINKEDIN}/authorization",
    token=f"{_LINKEDIN}/accessToken",
    scopes=("w_organization_social", "r_organization_social", "rw_organization_admin"),
    pkce=False,
    renewal="keeps",
    life=60 * DAY,
    refresh_life=365 * DAY,
    sliding=False,
    console=_LINKEDIN_APPS,
)
LINKEDIN_MEMBER = OAuth(
    authorize=f"{_LINKEDIN}/authorization",
    token=f"{_LINKEDIN}/accessToken",
    scopes=("openid", "profile", "w_member_social"),
    pkce=False,
    renewal="keeps",
    life=60 * DAY,
    refresh_life=365 * DAY,
    sliding=False,
    console=_LINKEDIN_APPS,
)

# developers.pinterest.com, "Set up authentication": 30 days; a continuous refresh token lives for 60 days from its last use.
PINTEREST = OAuth(
    authorize="https://www.pinterest.com/oauth/",
    token="https://api.pinterest.com/v5/oauth/token",  # noqa: S106
    scopes=("boards:read", "boards:write", "pins:read", "pins:write", "user_accounts:read"),
    joined_by=",",
    pkce=False,
    authenticate="basic",
    token_parameters={"continuous_refresh": "true"},
    renewal="keeps",
    life=30 * DAY,
    refresh_life=60 * DAY,
    console="https://developers.pinterest.com/apps (Redirect URIs)",
)

# developers.google.com, "OAuth 2.0 for mobile and desktop apps" (loopback on any port, PKCE; `offline` brings a refresh token, and
# `consent` one at every login, not only at the first). The device flow is for a few other scopes only. A refresh token of an app whose
# consent screen is in testing ends after 7 days.
GOOGLE_BUSINESS = OAuth(
    authorize="https://accounts.google.com/o/oauth2/v2/auth",
    token="https://oauth2.googleapis.com/token",  # noqa: S106
    scopes=("https://www.googleapis.com/auth/business.manage",),
    loopback="any port",
    parameters={"access_type": "offline", "prompt": "consent"},
    renewal="keeps",
    life=timedelta(hours=1),
    console="https://console.cloud.google.com/apis/credentials (OAuth client ID, type: Desktop app)",
)

# docs.joinmastodon.org, methods/apps, methods/oauth, spec/oauth: tokens do not end; PKCE since 4.3, and unknown parameters do no harm
# to servers before it. The app is made for this one redirect address, so any port will do.
MASTODON = OAuth(
    authorize="/oauth/authorize",
    token="/oauth/token",  # noqa: S106
    scopes=("read:accounts", "read:statuses", "write:statuses", "write:media"),
    loopback="any port",
    register="/api/v1/apps",
)

OURS = {
    "facebook": FACEBOOK,
    "google_business": GOOGLE_BUSINESS,
    "instagram": INSTAGRAM,
    "linkedin": LINKEDIN_PAGE,
    "linkedin_member": LINKEDIN_MEMBER,
    "mastodon": MASTODON,
    "pinterest": PINTEREST,
    "threads": THREADS,
    "x": X,
}
