"""The facts of networks' OAuth, and the page that tells them to ops, hold together."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from presstime import networks
from presstime.accounts.document import Tokens, from_answer
from presstime.model import Secret
from presstime.networks import oauth
from presstime.networks.oauth import below

README = (Path(__file__).parents[2] / "infra/README.md").read_text().partition("## Accounts")[2].partition("\n## ")[0]
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(oauth.OURS))
def test_facts(name: str) -> None:
    """Every address is https (or the server's own), every network is one that there is, and what renews a token is said whole."""
    facts = oauth.OURS[name]
    assert networks.oauth_of(name) is facts
    traits = networks.load(name).traits
    addresses = [facts.authorize, facts.token, *filter(None, (facts.device, facts.register, facts.pages))]
    addresses += [swap.address for swap in (facts.swap, facts.lengthen) if swap]
    own = traits.default_base_url is None
    assert all(address.startswith("/" if own else "https://") for address in addresses)
    assert facts.scopes
    assert (facts.swap is not None) == (facts.renewal == "swap")
    assert facts.console or facts.register
    assert traits.title.partition(" (")[0] in README


@pytest.mark.parametrize("name", sorted(oauth.OURS))
def test_asked_for_is_what_is_needed(name: str) -> None:
    """A login asks for every right whose lack the adapter would report."""
    module = __import__(networks.BUILT_IN[name].partition(":")[0], fromlist=["*"])
    kind = networks.load(name)
    needed = {name: {name} for name in (*getattr(kind, "needed", ()), *filter(None, [getattr(kind, "right", None)]))}
    needed |= dict(getattr(module, "NEEDED", {}))  # each right with those that have it in them
    assert [right for right, having in needed.items() if not having & {*oauth.OURS[name].scopes}] == []


def test_below() -> None:
    """A channel of another server has its addresses there; one of the network itself where the network says."""
    token = oauth.X.token
    assert below(token, None, "https://api.x.com") == token
    assert below(token, "https://api.x.com/", "https://api.x.com") == token
    assert below(token, "http://127.0.0.1:8480/x", "https://api.x.com") == "http://127.0.0.1:8480/x/2/oauth2/token"
    assert below("/oauth/token", "https://mastodon.example", None) == "https://mastodon.example/oauth/token"


# --- documents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["plain-token", "", "[1]", '{"token": "x"}', '{"access_token": 3}', "null", "[" * 5000]
)
def test_what_is_no_document(text: str) -> None:
    """Whatever is not a JSON object with an access_token is a plain credential."""
    assert Tokens.parse(text) is None


def test_a_document_tells_nothing_of_its_secrets() -> None:
    """Neither printed nor in an error does a document show its tokens; `write` is the one way to them."""
    tokens = Tokens(Secret("canary-a"), Secret("canary-r"), client_id="app")
    assert "canary" not in f"{tokens!r}{tokens}{[tokens]}"
    assert {"canary-a", "canary-r"} <= set(json.loads(tokens.write()).values())
    assert "canary" not in tokens.fingerprint(oauth.X) + tokens.fingerprint(oauth.PINTEREST)
    with pytest.raises(ValueError, match="expires_at") as raised:
        Tokens.parse('{"access_token": "canary-a", "expires_at": "soon"}')
    assert "canary" not in str(raised.value)


def test_answers() -> None:
    """A token answer in each vendor's form: seconds as text, a list of permissions, the first of a list, lives that are not told."""
    plain = from_answer({"access_token": "a", "expires_in": "3600", "scope": "a,b"}, oauth.X, NOW)
    assert (plain.expires_at, plain.scope, plain.refresh) == (NOW + timedelta(hours=1), "a b", None)
    listed = from_answer({"data": [{"access_token": "a", "permissions": ["p", "q"]}]}, oauth.INSTAGRAM, NOW)
    assert (listed.expires_at, listed.scope) == (NOW + timedelta(days=60), "p q")
    fixed = from_answer({"access_token": "a", "refresh_token": "r", "refresh_token_expires_in": 60}, oauth.X, NOW)
    assert fixed.refresh_expires_at == NOW + timedelta(seconds=60)
    for broken in ({}, {"access_token": ""}, {"access_token": None}, {"data": []}):
        with pytest.raises(ValueError, match="no access_token"):
            from_answer(broken, oauth.X, NOW)


def test_a_renewal_keeps_what_it_is_not_told() -> None:
    """An answer without a refresh token leaves the old one; LinkedIn's end of it is not moved, Pinterest's is."""
    first = {"access_token": "a", "refresh_token": "r", "expires_in": 60}
    later = NOW + timedelta(days=10)
    for facts, moved in ((oauth.LINKEDIN_PAGE, False), (oauth.PINTEREST, True)):
        before = from_answer(first, facts, NOW)
        after = from_answer(first | {"access_token": "b"}, facts, later, before)
        assert before.refresh_expires_at == NOW + (facts.refresh_life or timedelta())
        assert (after.refresh_expires_at == before.refresh_expires_at) != moved
        bare = from_answer({"access_token": "c"}, facts, later, after)
        assert bare.refresh is not None
        assert (bare.access.reveal(), bare.refresh.reveal()) == ("c", "r")


@pytest.mark.parametrize(
    ("life", "margin"), [(120, 20), (60, 10), (30, 10), (60 * 24 * 60, 10 * 24 * 60), (24 * 60, 240)]
)
def test_when_it_is_time(life: int, margin: int) -> None:
    """In the last sixth of its life, at least ten minutes and at most ten days before the end (all in minutes)."""
    tokens = Tokens(Secret("a"), Secret("r"), NOW + timedelta(minutes=life), obtained_at=NOW)
    early, late = (NOW + timedelta(minutes=life - margin + shift) for shift in (-1, 0))
    assert not tokens.due(oauth.X, early)
    assert tokens.due(oauth.X, late)


def test_not_before_its_time() -> None:
    """Meta renews a token when it is a day old, not earlier, however near its end is."""
    tokens = Tokens(Secret("a"), None, NOW + timedelta(hours=26), obtained_at=NOW)
    assert not tokens.due(oauth.THREADS, NOW + timedelta(hours=23))  # in the last sixth of its life already
    assert tokens.due(oauth.THREADS, NOW + timedelta(hours=24))


def test_only_where_it_came_from() -> None:
    """A refresh token is for the server that gave it: not for another host, and one written by hand not for this machine's."""
    there = Tokens(Secret("a"), Secret("r"), token_endpoint="https://api.x.com/2/oauth2/token")
    assert there.renewable(oauth.X)
    moved = oauth.OAuth("https://evil.example/a", "https://evil.example/t", (), renewal="rotates")
    assert not there.renewable(moved)
    local = oauth.OAuth("http://127.0.0.1/a", "http://127.0.0.1/t", (), renewal="rotates")
    by_hand = Tokens(Secret("a"), Secret("r"))
    assert by_hand.renewable(oauth.X)
    assert not by_hand.renewable(local)
    assert urlsplit(local.token).hostname == "127.0.0.1"
