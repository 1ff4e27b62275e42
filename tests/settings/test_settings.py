"""presstime.toml: everything it may say is read, everything wrong with it is reported at once and at its place."""

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime.clock import Slot
from presstime.errors import SettingsError
from presstime.model import ApiVersion, Channel, Late, MediaRule, Problem, Settling, TextRule, Traits
from presstime.settings import check_networks, parse_late, parse_settings, reveal

WHOLE = """\
[newsroom]
name = "Maison Verne"
timezone = "Europe/Paris"
language = "fr"
motto = "En avant"

[content]
posts = ["content/blog/", "./news"]
identity = "name"
link = "https://verne.example/{section}/{name}"
require_alt = false

[git]
branch = "main"
remote = "origin"

[audit]
bucket = "verne-audit"
prefix = "/presstime"
endpoint_url = "http://127.0.0.1:8333"
region = "eu-west-3"
signing_key = "env:VERNE_AUDIT_KEY"
verifier = "verne.example/log+06a3d5b1+AQOhB7/zzhC+HXDdGOdLwJln5Nomm6UYXrt7SoNmV/C4"
witness_branch = "presstime-checkpoints"

[channels.brand-mastodon]
network = "mastodon"
base_url = "https://mastodon.example"
account = "@verne"
credentials = "env:VERNE_MASTODON_TOKEN"
timezone = "America/New_York"
vars = { town = "Nantes" }
fit = ["shorten", "refuse"]
numbering = true
on_unknown = "resend"
limits = { characters = 1000 }

[channels.site-feed]
network = "feed"
path = "public/feed"

[groups]
all = ["brand-mastodon", "site-feed"]

[slots]
weekday = ["Mon 09:00", "Wed 12:30"]

[defaults]
channels = ["all"]
late = "within 90m"
min_gap = "5m"
"""


def refused(text: str | bytes) -> list[Problem]:
    """The problems of a file that cannot be used."""
    with pytest.raises(SettingsError) as raised:
        parse_settings(text if isinstance(text, bytes) else text.encode(), "presstime.toml")
    assert raised.value.exit_code == 2
    return list(raised.value.problems)


def places(problems: list[Problem]) -> list[tuple[int, str]]:
    return [(p.line, p.code) for p in problems]


def test_a_site_s_languages_and_its_archive() -> None:
    """[content.links] has a pattern a language, beside `link`; with `opt_in` the archive is let be."""
    head = '[newsroom]\ntimezone = "UTC"\n[content]\n'
    content = parse_settings(f'{head}opt_in = true\nlink = "https://v.example/{{slug}}/"\n[content.links]\nFR = "https://v.example/fr/{{slug}}/"\n'.encode()).content  # fmt: skip
    assert (content.opt_in, dict(content.links)) == (True, {"fr": "https://v.example/fr/{slug}/"})
    assert not parse_settings(head.encode()).content.opt_in
    found = refused(f'{head}[content.links]\nfr = "https://v.example/{{slig}}/"\nen = "nowhere"\n')
    assert [(p.code, p.line) for p in found if p.severity == "error"] == [
        ("missing-key", 4),
        ("bad-value", 5),
        ("bad-url", 6),
    ]
    assert "'slug'" in found[1].advice


def test_everything_the_file_may_say_is_read() -> None:
    """Each section lands in its field, folders and prefix are tidied, groups in the defaults are expanded."""
    settings = parse_settings(WHOLE.encode(), "presstime.toml")
    assert (settings.name, settings.timezone, settings.language) == ("Maison Verne", "Europe/Paris", "fr")
    assert settings.vars == {"motto": "En avant"}
    assert settings.content.posts == ("content/blog", "news")
    assert (settings.content.identity, settings.content.require_alt) == ("name", False)
    assert settings.content.link == "https://verne.example/{section}/{name}"
    assert (settings.git.branch, settings.git.remote) == ("main", "origin")
    assert (settings.audit.bucket, settings.audit.prefix, settings.audit.region) == (
        "verne-audit",
        "presstime/",
        "eu-west-3",
    )
    assert (settings.audit.signing_key, settings.audit.witness_branch) == (
        "env:VERNE_AUDIT_KEY",
        "presstime-checkpoints",
    )
    assert settings.audit.verifier == ("verne.example/log+06a3d5b1+AQOhB7/zzhC+HXDdGOdLwJln5Nomm6UYXrt7SoNmV/C4",)
    assert settings.channels["brand-mastodon"] == Channel(
        name="brand-mastodon",
        network="mastodon",
        base_url="https://mastodon.example",
        account="@verne",
        credentials="env:VERNE_MASTODON_TOKEN",
        timezone="America/New_York",
        vars={"town": "Nantes"},
        fit=("shorten", "refuse"),
        numbering=True,
        on_unknown="resend",
        limits={"characters": 1000},
    )
    assert settings.channels["site-feed"].options == {"path": "public/feed"}
    assert settings.groups == {"all": ("brand-mastodon", "site-feed")}
    assert settings.default_channels == ("brand-mastodon", "site-feed")
    assert settings.late == Late("within", timedelta(minutes=90))
    assert settings.min_gap_seconds == 300
    assert settings.slots == {"weekday": (Slot(0, 9, 0), Slot(2, 12, 30))}
    assert settings.warnings == ()


def test_an_empty_file_has_usable_defaults_and_one_warning() -> None:
    """Nothing is required, but local times without a zone are worth a warning."""
    settings = parse_settings(b"", "presstime.toml")
    assert settings.timezone == "UTC"
    assert settings.content.posts == ("posts",)
    assert settings.late == Late("within", timedelta(hours=2))
    assert [p.code for p in settings.warnings] == ["no-timezone"]


@pytest.mark.parametrize(
    "line",
    [
        'signing_key = "PRIVATE+KEY+a+00000000+x"',
        'verifier = "PRIVATE+KEY+a+00000000+x"',
        'verifier = ["a+b"]',
        'witness_branch = "main"',
        'witness_branch = "../x"',
        'witness_branch = "a b"',
        'witness_branch = "-f"',
        'witness_branch = "x.lock"',
        'witness_branch = "x/"',
    ],
)
def test_keys_and_branches_of_the_audit_that_cannot_be(line: str) -> None:
    """A key instead of its place, a public key that is none, and branches that are content's or no branch are refused."""
    problems = refused(f'[newsroom]\ntimezone = "UTC"\n[git]\nbranch = "main"\n[audit]\n{line}\n')
    assert [(p.line, p.severity) for p in problems if p.severity == "error"] == [(6, "error")]
    assert "PRIVATE+KEY" not in str(problems[0])


def test_a_signing_key_without_its_verifier_is_warned_of() -> None:
    """What nobody can check is worth a warning."""
    text = b'[newsroom]\ntimezone = "UTC"\n[audit]\nsigning_key = "env:KEY"\n'
    assert [p.code for p in parse_settings(text, "presstime.toml").warnings] == ["no-verifier"]


def test_all_problems_come_at_once_with_their_lines() -> None:
    """Ten mistakes in one file give ten problems, each at the line of its key."""
    problems = refused("""\
[newsroom]
name = 7
timezone = "Europe/Pari"
language = "French of course"
[content]
posts = ["../elsewhere"]
identity = "path"
link = "ftp://x/{nam}"
[audit]
endpoint_url = "https://user:hunter2@s3.example"
[channels.a]
account = "x"
[channels."b c"]
network = "feed"
[groups]
g = ["aa"]
a = []
[defaults]
channels = ["h"]
late = "whenever"
min_gap = "soon"
""")
    assert places(problems) == [
        (2, "wrong-type"),
        (3, "unknown-zone"),
        (4, "bad-language"),
        (6, "bad-folder"),
        (7, "bad-value"),
        (8, "bad-value"),
        (8, "bad-url"),
        (10, "bad-url"),
        (11, "missing-key"),
        (13, "bad-name"),
        (16, "unknown-channel"),
        (17, "duplicate-name"),
        (19, "unknown-channel"),
        (20, "bad-late"),
        (21, "bad-duration"),
    ]
    assert all(p.severity == "error" and p.advice for p in problems)
    assert "Europe/Paris" in problems[1].advice
    assert "hunter2" not in str(SettingsError("", problems=problems))


def test_unknown_keys_are_warnings_with_the_nearest_key() -> None:
    """A key without a meaning stops nothing, and the warning names the key that was meant."""
    settings = parse_settings(
        b'[newsroom]\ntimezon = "UTC"\ntimezone = "UTC"\n[conten]\n[git]\nbranhc = "x"\n', "p.toml"
    )
    assert [(p.line, p.code, p.severity) for p in settings.warnings] == [
        (2, "unknown-key", "warning"),
        (4, "unknown-key", "warning"),
        (6, "unknown-key", "warning"),
    ]
    assert [p.advice for p in settings.warnings] == [
        "Did you mean 'timezone'?",
        "Did you mean 'content'?",
        "Did you mean 'branch'?",
    ]
    assert settings.warnings[0].path == "p.toml"


def test_a_syntax_error_is_one_problem_at_its_place() -> None:
    """What TOML refuses is reported at tomllib's own line and column."""
    assert [(p.line, p.column, p.code) for p in refused("a = 1\nb = = 2\n")] == [(2, 5, "syntax")]
    assert [(p.line, p.code) for p in refused(b"a = 1\nb = '\xff'\n")] == [(2, "not-utf-8")]


@pytest.mark.parametrize(
    "value", ["hunter2-hunter2", "env:not a name", "xoxb-123:456", "https://user:hunter2@x.example"]
)
@pytest.mark.parametrize("key", ["credentials", "token", "client_secret"])
def test_a_literal_secret_is_refused_and_not_repeated(key: str, value: str) -> None:
    """A secret in the file is an error whose words do not hold it."""
    problems = refused(f'[channels.a]\nnetwork = "x"\n{key} = "{value}"\n')
    assert (3, "literal-secret") in places(problems)
    assert value not in str(SettingsError("", problems=problems))


@pytest.mark.parametrize(
    "locator", ["env:TOKEN", "file:/run/secrets/token", "prefect:my-block/value", "aws-sm:arn:aws:x"]
)
def test_locators_are_taken_as_they_are(locator: str) -> None:
    """The four ways to say where a secret is."""
    settings = parse_settings(
        f'[channels.a]\nnetwork = "x"\ncredentials = "{locator}"\nsecret = "{locator}"\n'.encode(), "p"
    )
    assert settings.channels["a"].credentials == locator
    assert settings.channels["a"].options == {"secret": locator}


@pytest.mark.parametrize(
    ("text", "late"),
    [
        ("publish", Late("publish")),
        ("skip", Late("skip")),
        ("ask", Late("ask")),
        ("within 2h", Late("within", timedelta(hours=2))),
        (" within  1h30m ", Late("within", timedelta(minutes=90))),
    ],
)
def test_rules_for_lateness(text: str, late: Late) -> None:
    """The four rules, as they are written."""
    assert parse_late(text) == late


@pytest.mark.parametrize("text", ["", "within", "2h", "publish now", "within two hours", "never"])
def test_other_rules_for_lateness_are_refused(text: str) -> None:
    """Anything else is refused with the spellings that work."""
    with pytest.raises(ValueError, match="write"):
        parse_late(text)


def traits_of(network: str) -> Traits:
    if network not in ("known", "wanting"):
        raise SettingsError(f"there is no network {network!r}", "Known networks: known.")
    text = TextRule(500, "characters")
    media = MediaRule(4, ("image/png",), 1000)
    if network == "wanting":
        wanted = frozenset({"board", "section"})
        return Traits(
            "wanting", "Wanting", Settling.NONE, text, media, options=wanted, required_options=frozenset({"board"})
        )
    return Traits(
        "known",
        "Known",
        Settling.NONE,
        text,
        media,
        needs_account=True,
        options=frozenset({"visibility"}),
        limits=frozenset({"characters", "alt"}),
    )


def networks(text: str) -> list[Problem]:
    return check_networks(parse_settings(text.encode(), "presstime.toml"), traits_of)


def test_channels_are_checked_against_their_networks() -> None:
    """An unknown network, an unknown option, missing credentials and a missing account are errors at their lines."""
    problems = networks('[channels.a]\nnetwork = "knwon"\n[channels.b]\nnetwork = "known"\nvisibilty = "x"\n')
    assert places(problems) == [
        (2, "unknown-network"),
        (5, "unknown-option"),
        (3, "missing-credentials"),
        (3, "missing-account"),
    ]
    assert problems[0].advice == "Known networks: known."
    assert problems[1].advice == "Did you mean 'visibility'?"


def test_an_option_that_a_network_cannot_do_without() -> None:
    """A channel that lacks it is an error with its name, before anything is sent; one that has it is not."""
    channel = '[channels.a]\nnetwork = "wanting"\ncredentials = "env:A"\n'
    [problem] = networks(channel)
    assert (problem.line, problem.code) == (1, "missing-option")
    assert "'board'" in problem.message
    assert "board = ..." in problem.advice
    assert networks(channel + 'board = "1"\n') == []


def test_a_slip_in_a_common_key_is_told_as_such() -> None:
    """A misspelled `credentials` lands among the options: the advice names the key that was meant."""
    problems = networks('[channels.a]\nnetwork = "known"\naccount = "x"\ncredentails = "env:A"\n')
    assert "Did you mean 'credentials'?" in [p.advice for p in problems]


def test_a_channel_its_network_can_work_with_has_no_problem() -> None:
    """Known options, credentials and an account: nothing to say."""
    assert networks('[channels.a]\nnetwork = "known"\naccount = "x"\ncredentials = "env:A"\nvisibility = "x"\n') == []


def test_a_channels_own_limits() -> None:
    """Whole numbers above 0, of those that the network lets a channel set."""
    zone = '[newsroom]\ntimezone = "UTC"\n'
    channel = f'{zone}[channels.a]\nnetwork = "known"\naccount = "x"\ncredentials = "env:A"\n[channels.a.limits]\n'
    good = f"{channel}characters = 1000\nalt = 100\n"
    assert parse_settings(good.encode(), "p").channels["a"].limits == {"characters": 1000, "alt": 100}
    assert networks(good) == []
    unknown = networks(f"{channel}charactres = 1000\nmedia = 4\n")
    assert [(p.line, p.code, p.advice) for p in sorted(unknown, key=lambda p: p.line)] == [
        (8, "unknown-limit", "Did you mean 'characters'?"),
        (9, "unknown-limit", "Known limits: alt, characters."),
    ]
    for value in ("0", "-1", "true", '"many"', "1.5", "[1]"):
        assert places(refused(f"{channel}characters = {value}\n")) == [(8, "wrong-type")]
    assert places(refused(f'{zone}[channels.a]\nnetwork = "known"\nlimits = 7\n')) == [(5, "wrong-type")]


def versions(version: str, today: date) -> list[tuple[str, str]]:
    """What is said of a channel whose network serves a version of its API for twelve months."""
    dated = replace(traits_of("known"), version=ApiVersion("202607", months=12), options=frozenset({"version"}))
    settings = parse_settings(
        f'[channels.a]\nnetwork = "known"\naccount = "x"\ncredentials = "env:A"\n{version}\n'.encode(), "presstime.toml"
    )
    return [(p.code, p.severity) for p in check_networks(settings, lambda name: dated, today=today)]


def test_a_version_that_grows_old_is_told_ahead() -> None:
    """From two months before its end on, at its line; the default counts where the channel names none."""
    assert versions("", date(2027, 4, 30)) == []
    assert versions("", date(2027, 5, 1)) == [("old-version", "warning")]
    assert versions('version = "202611"', date(2027, 8, 31)) == []
    assert versions("version = 202611", date(2027, 9, 1)) == [("old-version", "warning")]
    assert versions('version = "2026-11"', date(2026, 9, 1)) == [("bad-version", "error")]
    assert versions('version = "202613"', date(2026, 9, 1)) == [("bad-version", "error")]


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reader(source: bytes) -> None:
    """Any bytes are settings or a SettingsError."""
    try:
        parse_settings(source, "presstime.toml")
    except SettingsError:
        return


VALUE = st.sampled_from(['"x"', "7", "true", "[]", "[1]", '["x"]', "{}", "{x = 1}", "2026-01-01", "1.5", '""', "[[]]"])
KEY = st.sampled_from(
    [
        "newsroom",
        "newsroom.name",
        "newsroom.timezone",
        "newsroom.language",
        "content",
        "content.posts",
        "content.identity",
        "content.link",
        "content.links",
        "content.opt_in",
        "content.require_alt",
        "git",
        "git.branch",
        "audit",
        "audit.prefix",
        "audit.embedded",
        "audit.signing_key",
        "audit.verifier",
        "audit.witness_branch",
        "channels",
        "channels.a",
        "channels.a.network",
        "channels.a.vars",
        "channels.a.fit",
        "channels.a.credentials",
        "channels.a.base_url",
        "groups",
        "groups.g",
        "slots",
        "slots.s",
        "defaults",
        "defaults.channels",
        "defaults.late",
        "defaults.min_gap",
    ]
)


@given(st.dictionaries(KEY, VALUE, max_size=6))
def test_no_value_of_the_wrong_type_breaks_the_reader(pairs: dict[str, str]) -> None:
    """Whatever stands at a key, the answer is settings or a SettingsError with places."""
    text = "".join(f"{k} = {v}\n" for k, v in pairs.items())
    problems: tuple[Problem, ...] = ()
    try:
        problems = parse_settings(text.encode(), "presstime.toml").warnings
    except SettingsError as error:
        problems = error.problems
    assert all(p.line >= 1 and p.column >= 1 for p in problems)


def test_a_secret_from_the_environment() -> None:
    """`env:` reads a variable; a missing or empty one is named, with its channel."""
    assert reveal("env:TOKEN", Path(), {"TOKEN": "t0p"}).reveal() == "t0p"
    for environ in ({}, {"TOKEN": ""}):
        with pytest.raises(SettingsError, match=r"variable TOKEN is not set \(for channel 'brand'\)"):
            reveal("env:TOKEN", Path(), environ, channel="brand")


def test_a_secret_from_a_file(tmp_path: Path) -> None:
    """`file:` reads a file below the content root, or an absolute one, without its last line end."""
    file = tmp_path / "token"
    file.write_bytes(b" t0p\r\n")
    file.chmod(0o600)
    assert reveal("file:token", tmp_path, {}).reveal() == " t0p"
    assert reveal(f"file:{file}", Path("/nowhere"), {}).reveal() == " t0p"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission bits")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """A credential file that group or others may read is refused with the command that closes it."""
    file = tmp_path / "token"
    file.write_text("t0p")
    file.chmod(mode)
    with pytest.raises(SettingsError, match="chmod 600") as refusal:
        reveal("file:token", tmp_path, {})
    assert "t0p" not in str(refusal.value)


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff"])
def test_a_secret_file_that_holds_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A missing, empty or unreadable credential file is named, with its channel."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
        file.chmod(0o600)
    with pytest.raises(SettingsError, match=r"token.*for channel 'brand'"):
        reveal("file:token", tmp_path, {}, channel="brand")


def test_other_stores_are_asked_through_resolvers() -> None:
    """`prefect:` and `aws-sm:` go to the function that was given, or are refused by name."""
    assert reveal("prefect:block", Path(), {}, {"prefect": lambda name: f"<{name}>"}).reveal() == "<block>"
    with pytest.raises(SettingsError, match="aws-sm:name"):
        reveal("aws-sm:name", Path(), {})
    with pytest.raises(SettingsError, match="where the secret is") as refusal:
        reveal("hunter2", Path(), {})
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("name", ["vv", "Verne", "verne_audit", "-verne", "v" * 64, "verne audit"])
def test_a_bucket_name_that_s3_does_not_take(name: str) -> None:
    """A bucket that could never be is found in presstime.toml, with the rule, not at the first pass."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(f'[newsroom]\nname = "V"\ntimezone = "UTC"\n[audit]\nbucket = "{name}"\n'.encode())
    assert (caught.value.problems[0].line, caught.value.problems[0].code) == (5, "bad-value")


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ('[slots]\nweekday = ["Mon 25:00"]\n', "bad-slot", "no such time"),
        ('[slots]\nweekday = ["Moon 09:00"]\n', "bad-slot", "Mon 09:00"),
        ('[slots]\nweekday = ["Mon 09:00"]\n[defaults]\nslots = "weekdays"\n', "unknown-slots", "weekdays"),
        (
            '[slots]\nweekday = ["Mon 09:00"]\n[channels.a]\nnetwork = "feed"\nslots = "evening"\n',
            "unknown-slots",
            "evening",
        ),
        ("[defaults]\nretract_max = -1\n", "wrong-type", "whole number"),
    ],
)
def test_slots_and_bounds_are_checked(more: str, code: str, said: str) -> None:
    """A slot that is no time of the week, a set that is not there, a number that is none: each is said."""
    with pytest.raises(SettingsError) as raised:
        parse_settings(f'[newsroom]\nname = "n"\ntimezone = "UTC"\n{more}'.encode())
    assert [(p.code, said in p.message + p.advice) for p in raised.value.problems] == [(code, True)]
