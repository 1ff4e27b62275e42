"""The command line in French: who decides, what is said, and what stays as programs read it.

What a French newsroom reads of its mistakes is in golden/. To write it anew after a wanted change, and then read it:
PRESSTIME_GOLDEN=write pytest tests/cli/test_language.py"""

import contextvars
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from presstime.cli import main
from presstime.cli.voice import choose, of_newsroom
from tests.cli.kit import Newsroom
from tests.content.kit import GitFolder

GOLDEN = Path(__file__).parent / "golden"
SETTINGS = """\
[newsroom]
name = "Maison Verne"
timezone = "Europe/Paris"
language = "fr"
[audit]
embedded = ".presstime/s3"
bucket = "audit"
signing_key = "file:key"
[channels.brand]
network = "mastodon"
base_url = "https://mastodon.example"
account = "@verne"
credentials = "env:MASTODON_TOKEN"
[channels.photos]
network = "pinterest"
account = "verne"
credentials = "env:PINTEREST_TOKEN"
[channels.short]
network = "bluesky"
account = "verne.example"
credentials = "env:BLUESKY_TOKEN"
[slots]
weekday = ["Mon 09:00"]
[defaults]
channels = ["brand"]
[policy]
forbidden_words = ["cheap"]
max_hashtags = 2
quiet_hours = "22:00-07:00"
require_summary = true
"""
WRONG = """\
[newsroom]
name = 3
timezone = "Europe/Pariss"
language = "fr"
[audit]
embedded = ".presstime/s3"
bucket = "A"
[channels.x]
network = "nowhere"
limits = { characters = 0 }
[channels.brand]
network = "mastodon"
base_url = "mastodon"
credentials = "secret"
[groups]
brand = ["nobody"]
[slots]
w = ["Lundi"]
[defaults]
late = "jamais"
channels = ["rien"]
min_gap = "x"
[policy]
quiet_hours = "tard"
[pause.p]
what = "tout"
[chanels]
a = 1
"""
HEAD = "id: {name}\ntitle: Titre\nsummary: Un résumé.\npublish_at: 2027-03-24 09:00"
POSTS = {  # front matter and text, each with a mistake of its own
    "alt": (HEAD + "\nmedia: [{{file: dot.png}}]", "Texte"),
    "channel": (HEAD + "\nchannels: [brnad]", "Texte"),
    "clocks": (HEAD.replace("03-24 09:00", "03-28 02:30"), "Texte"),
    "expired": (HEAD + "\nexpires_at: 2027-01-01", "Texte"),
    "forbidden": (HEAD, "So cheap"),
    "hashtags": (HEAD, "#un #deux #trois"),
    "key": (HEAD + "\nsumary: x", "Texte"),
    "late": (HEAD + "\nlate: within two hours", "Texte"),
    "link": (HEAD + "\nlink: verne.example", "Texte"),
    "long": (HEAD + "\nchannels: [short]\nthread: never", "mot " * 200),
    "missing": (HEAD + "\nmedia: [{{file: nowhere.png, alt: Rien}}]", "Texte"),
    "night": (HEAD.replace("09:00", "23:30"), "Texte"),
    "noid": (HEAD.replace("id: {name}\n", ""), "Texte"),
    "notime": (HEAD.replace("\npublish_at: 2027-03-24 09:00", ""), "Texte"),
    "picture": (HEAD + "\nchannels: [photos]", "Texte"),
    "repeat": (HEAD + "\nrepeat: FREQ=NEVER", "Texte"),
    "retract": (HEAD + "\nretract: true", "Texte"),
    "slots": (HEAD.replace("2027-03-24 09:00", "next-slot") + "\nslots: weekdays", "Texte"),
    "status": (HEAD + "\nstatus: reddy", "Texte"),
    "template": (HEAD + "\ntemplate: nothing", "Texte"),
    "time": (HEAD.replace("2027-03-24 09:00", "demain"), "Texte"),
    "twice": (HEAD + "\ntitle: Encore", "Texte"),
    "yaml": (HEAD.replace("Titre", "Un: deux"), "Texte"),
    "zone": (HEAD + "\ntimezone: Europe/Pariss", "Texte"),
}
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6260000000000500010d0a2db4"
    "0000000049454e44ae426082"
)
# Words of an English sentence, as it would stand among French ones.
ENGLISH = re.compile(r"\b(?:the|is|are|not|of|with|it|write|there|has|post|must|no|and|or|to|at most)\b", re.IGNORECASE)
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\[[\w-]+\]")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> GitFolder:
    """A French newsroom with a mistake of every kind, not committed."""
    made = GitFolder(tmp_path / "newsroom")
    made.write("presstime.toml", SETTINGS)
    made.write("posts/dot.png", DOT)
    for name, (front, text) in POSTS.items():
        made.write(f"posts/{name}.md", f"---\n{front.format(name=name)}\n---\n{text}\n")
    return made


@pytest.fixture
def run(folder: GitFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Calls the console script in the newsroom, by somebody who has named no language; gives exit code, stdout and stderr."""
    monkeypatch.delenv("PRESSTIME_LANG")
    monkeypatch.chdir(folder.path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["presstime", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            contextvars.copy_context().run(main)
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return call


def reads_french(out: str, golden: Path) -> None:
    """What was said is what is kept, and no English is left in it."""
    if os.environ.get("PRESSTIME_GOLDEN") == "write":
        golden.write_text(out)
    assert out == golden.read_text()
    for line in out.splitlines():
        assert not ENGLISH.search(QUOTED.sub("", line)), line


def test_a_french_newsroom_reads_french(run: Run) -> None:
    """Every problem is said in French, with its place and its code."""
    code, out, _ = run("check")
    assert code == 1
    assert len(set(re.findall(r"\[([a-z-]+)\]", out))) >= 20
    reads_french(out, GOLDEN / "check.fr.txt")


def test_mistakes_in_the_settings_are_french(run: Run, folder: GitFolder) -> None:
    """So are the mistakes in presstime.toml, all at once."""
    folder.write("presstime.toml", WRONG)
    code, out, _ = run("check")
    assert code == 2
    reads_french(out, GOLDEN / "settings.fr.txt")


def test_programs_read_the_same_in_every_language(run: Run) -> None:
    """JSON is English; code hosts show the message in French, with the code as it is."""
    assert json.loads(run("check", "--format", "json")[1]) == json.loads(
        run("--lang", "en", "check", "--format", "json")[1]
    )
    github = run("check", "--format", "github")[1]
    assert "title=unknown-channel" in github
    assert "n’est ni un canal ni un groupe" in github
    assert github.startswith("::error file=")
    results = json.loads(run("check", "--format", "sarif")[1])["runs"][0]["results"]
    assert [r["message"]["text"] for r in results if r["ruleId"] == "missing-publish-at"] == [
        "la publication ne dit pas quand elle est publiée. Ajoutez publish_at: 2026-03-24T09:00 (heure locale), ou status: draft."
    ]


def test_who_decides() -> None:
    """--lang, then PRESSTIME_LANG, then the newsroom, then the locale; a language that is not spoken here counts for nothing."""
    assert choose("fr", {"PRESSTIME_LANG": "en"}, lambda: "en") == "fr"
    assert choose("", {"PRESSTIME_LANG": "fr"}, lambda: "en") == "fr"
    assert choose("", {"PRESSTIME_LANG": "de", "LANG": "en_GB.UTF-8"}, lambda: "fr-CA") == "fr"
    assert choose("", {"LANG": "fr_FR.UTF-8"}, lambda: "") == "fr"
    assert choose("", {"LC_ALL": "C", "LC_MESSAGES": "fr_FR", "LANG": "fr_FR"}, lambda: "") == "en"
    assert choose("", {"LC_ALL": "", "LC_MESSAGES": "fr_FR", "LANG": "en_GB"}, lambda: "de") == "fr"
    assert choose("", {}, lambda: "") == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('[newsroom]\nlanguage = "fr"\n', "fr"),
        ('[newsroom]\nname = "X"\nlanguage = "fr"\n[channels.x]\nnetwork = broken\n', "fr"),  # not TOML
        ('[channels.x]\nlanguage = "fr"\n', ""),
        ('[channels.x]\nlanguage = "fr"\nnetwork = broken\n', ""),
        ("newsroom = 3\n# language", ""),
        ("[newsroom]\nlanguage = 3\n", ""),
        ('[newsroom]\nname = "X"\n', ""),
    ],
)
def test_the_newsroom_is_asked_as_far_as_it_can_be_read(tmp_path: Path, text: str, language: str) -> None:
    """A broken presstime.toml still says in which language its mistakes are told; whatever it holds, nothing fails."""
    (tmp_path / "presstime.toml").write_text(text)
    assert of_newsroom(tmp_path) == language
    assert of_newsroom(tmp_path / "nowhere") == ""


def test_a_broken_presstime_toml_is_told_in_french(run: Run, folder: GitFolder) -> None:
    """The settings' mistakes too, with their place."""
    folder.write("presstime.toml", SETTINGS.replace('account = "@verne"', "account = verne"))
    code, out, err = run("check")
    assert code == 2
    assert "presstime.toml:12:" in out + err
    assert "Corrigez le TOML à cet endroit" in out + err


def test_help_and_wrong_calls_are_french(run: Run) -> None:
    """What click says, too: headings, explanations, defaults, and what is wrong with a call."""
    help_text = re.sub(r"[ \n]+", " ", run("check", "--help")[1])
    assert help_text.startswith("Utilisation\u00a0: ")
    assert "Trouve chaque problème des publications, avant tout envoi." in help_text
    assert "Afficher ce message et finir." in help_text
    assert "[par défaut\u00a0: 30d]" in re.sub(r"[ \n]+", " ", run("preview", "--help")[1])
    code, _, err = run("check", "--strickt")
    assert code == 2
    assert "Erreur\u00a0: Il n’y a pas d’option" in err
    assert "trouver chaque problème" in run("--help")[1]
    assert "find every problem" in run("--lang", "en", "--help")[1]


def test_errors_are_french_with_their_advice(run: Run) -> None:
    """A call that cannot work says why and what to do, on two lines."""
    code, _, err = run("check", "nowhere.md")
    assert code == 2
    assert err == (
        "presstime\u00a0: il n’y a pas de fichier ni de dossier nowhere.md\n"
        "    Les chemins sont vus d’ici, ou de la racine du contenu.\n"
    )


def test_what_people_wrote_is_not_translated(run: Run, folder: GitFolder) -> None:
    """Words of a post, and names, stay as they are, though the catalog has the like."""
    folder.write(
        "posts/key.md", "---\nid: held\ntitle: planned\nsummary: held\npublish_at: 2027-03-24 09:00\n---\nheld\n"
    )
    _, out, _ = run("render", "posts/key.md")
    assert "\nheld" in out
    assert out.startswith("== brand (mastodon), empreinte ")


def test_the_schema_describes_keys_in_french(run: Run) -> None:
    """What an editor shows of a key is said in the reader's language; the schema is the same but for that."""
    french, english = (json.loads(run("--lang", lang, "schema")[1]) for lang in ("fr", "en"))
    told = french["properties"]["publish_at"]["description"]
    assert told.startswith("Quand elle est publiée\u00a0: ")
    assert french["properties"]["date"]["description"] == f"Se lit comme `publish_at`. {told}"
    assert french["properties"].keys() == english["properties"].keys()


def test_a_plan_and_a_status_are_french(newsroom: Newsroom) -> None:
    """What the log says in English is read in French: reasons of a plan, a pause with the words of who made it, and the sums."""
    newsroom.folder.write("presstime.toml", newsroom.settings.replace("[audit]", 'language = "fr"\n[audit]'))
    newsroom.folder.post("old", "Vieux", "2020-01-20 09:00")
    newsroom.folder.post("later", "Plus tard", "2099-03-24 09:00", channels="[site-feed]")
    newsroom.folder.post("draft", "Un brouillon", status="draft")
    newsroom.folder.commit()
    french = {"PRESSTIME_LANG": ""}
    plan = newsroom.call("plan", env=french).out
    assert "manqué" in plan
    assert "devait partir le 20 janv. 2020 à 09:00 UTC, il y a " in plan
    assert "à publier dans " in plan
    paused = newsroom.call("pause", "site-feed", "--reason", "the printer is away", env=french).out
    assert "canal site-feed est en pause par " in paused
    assert ", jusqu’à ce que quelqu’un relance\u00a0: the printer is away." in paused
    assert "Ensuite, ce que sa règle de retard permet encore part, à 5 min d’écart sur un canal" in paused
    held = newsroom.call("plan", env=french).out
    assert "canal site-feed est en pause par " in held
    status = newsroom.call("status", env=french)
    assert "Dernière passe\u00a0: jamais sur cette machine." in status.out
    for said in (plan, held, status.out):
        own = re.sub(r"`[^`]*`|the printer is away|s3://\S+ at \S+", "", said)
        assert not ENGLISH.search(own), own
    assert "is paused by" in newsroom.call("plan", "--format", "json", env=french).out
