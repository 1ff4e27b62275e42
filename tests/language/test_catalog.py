"""The French catalog says all that people may meet, and each message of it finds its own translation."""

import re
from collections import Counter
from gettext import GNUTranslations
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from presstime.language import folder_of
from presstime.language.phrases import CONTEXT, FIELD, KINDS, Phrases
from tests.language.sources import FIELD as ANY_FIELD
from tests.language.sources import Source, sentences, shape_of

PO = folder_of("fr") / "presstime.po"
RENEW = "pybabel compile -D presstime -d flows/presstime/language/locale"
# Sentences that are not said to people in their language, by file; * is every one of it.
UNTOLD = {
    "*": {"{} UTC", "{} min", "{} h {} min", "Bearer {}", "as registered", "any port"},  # wherever they stand
    "accounts/loopback.py": {"text/html; charset=utf-8"},
    "cli/audit.py": {  # `audit log` shows what is written, as it is written
        "due {} UTC",
        "commit {} by {}",
        "signed by {}",
        "segment {}",
        "by {}",
        "to a person, until {} UTC",
        "time {}",
        'verifier = "{}"',
    },
    "cli/channels.py": {"`presstime channels login {}`"},
    "cli/check.py": {"{}: id {}"},
    "cli/done.py": {"presstime done POST/CHANNEL --url URL"},
    "cli/init.py": {
        "presstime {}check",
        "presstime {}publish",
        "presstime {}new 'A first post' --at now",
        "add to",
        "by hand",
    },
    "cli/new.py": {"presstime {}check {}", "presstime new 'The islands, by the early boat'"},
    "cli/measure.py": {"{} of {} ({})"},
    "cli/sandbox.py": {'network = "{}"', 'account = "{}"', 'credentials = "env:SANDBOX_TOKEN"'},
    "cli/up.py": {"Prefect: {}"},
    "clock.py": {"ddd D MMM YYYY HH:mm Z"},
    "content/cms.py": {  # comments of the file that it writes
        "a new folder), remove this file and have it written again. Its options: https://decapcms.org/docs/configuration-options/",
        "The form for posts: written by `presstime init --cms` from presstime.toml. After a change there (a new channel,",
        "write here the id that you were given",
    },
    "content/fix.py": {'id = "{}"', 'id: "{}"', "id: {}"},
    "content/keys.py": {  # examples, and a list of keys
        "In shops on Monday",
        "A rack of linen shirts",
        "See you in Nantes!",
        "{id: spring}",
        "{tags: [linen]}",
        "[{file: linen.jpg, alt: A rack of linen shirts}]",
        "[linen, spring]",
        "[{channel: brand-x, text: A shorter word for X.}]",
        "[brand-mastodon, agencies]",
        "Linen, and lots of it",
        "The spring collection is here",
    },
    "content/reference.py": {"*"},  # writes a page in English
    "content/signature.py": {"[GNUPG:] NEWSIG"},
    "content/yamltext.py": {"nesting depth"},
    "ledger/cache.py": {"*"},
    "ledger/checkpoint.py": {"time {}"},
    "ledger/note.py": {"a note's text is lines, each ended by a newline"},
    "ledger/snapshot.py": {"snapshot {}"},
    "ledger/witness.py": {"git {}: {}", "Checkpoint of {}: {} entries"},
    "linkcheck.py": {"(link check)"},
    "model.py": {"within {}"},
    "orchestration/__init__.py": {"sync {}", "Not {}ed"},  # names of runs and states, for Prefect
    "orchestration/pages.py": {"{} of {}:"},
    "orchestration/alarms.py": {"presstime {}", "{{}} is {{}}: {{}}"},
    "orchestration/orders.py": {
        "accept {}",
        "undo {}",
        "settle {}",
        "retract {}",
        "skip {}",
        "retry {}",
        "resume {}",
        "pause {}",
    },
    "plan/standing.py": {"`presstime render {} --channel {}`"},
    "publish/change.py": {"{} is a success"},
    "publish/handout.py": {"```text", "presstime done {} --url URL"},
    "publish/look.py": {"skipped {}", "missed {}", "published {}"},
    "render/__init__.py": {"module {} has no attribute {}"},
    "render/sandbox.py": {  # names of filters and methods
        "abs capitalize count d default dictsort first float groupby int items last length list lower map max min",
        "reject rejectattr reverse select selectattr sort string sum title trim truncate unique upper urlencode wordcount",
        "capitalize casefold count endswith find isalnum isalpha isdigit islower isspace istitle isupper lower",
        "lstrip partition removeprefix removesuffix rpartition rsplit rstrip split splitlines startswith strip swapcase "
        "title upper",
    },
    "render/media.py": {"Raw profile type xmp", "Raw profile type exif"},
    "stores/s3.py": {"at {}"},  # the name of a log
    "scaffold/files.py": {"add to", "by hand"},
    "web/comment.py": {"_{} {}_ `presstime changes --base {}`", "{} ({} UTC)", "- {} `presstime check` ({})"},
    "web/looks.py": {"*"},  # the networks' own words
    # What networks are called, what they say, and what they are told.
    "networks/bluesky.py": {"not active"},
    "networks/discord.py": {"Discord (webhook)"},
    "networks/email.py": {'style="max-width: 100%; height: auto"'},
    "networks/google_business.py": {"Google Business Profile"},
    "networks/instagram.py": {"Instagram posts"},
    "networks/linkedin.py": {"does not exist", "duplicate of", "LinkedIn (member)"},
    "networks/nostr.py": {"*"},
    "networks/pinterest.py": {"Standard access", "pin not found"},
    "networks/telegram.py": {"message is not modified", "message to delete not found", "message to edit not found"},
    "networks/threads.py": {"Threads {}"},
    "networks/x.py": {"duplicate content", "could not find"},
}
# Files that `init` writes, line by line: a newsroom keeps them, whoever made it.
WRITTEN = {"scaffold/newsroom.py", "scaffold/extras.py"}
LINE_OF_A_FILE = re.compile(
    r"^(?:#|\[|- |[\w-]+:(?: |$))|^[\w-]+ += |^\{\} #|^the posts of the |Presstime: |^A picture, with"
)
SAMPLES = {
    "n": "1,234",
    "w": "Zq-7",
    "q": "'Zq 7'",
    "d": "zq/brand",
    "u": "https://zq.example/x",
    "time": "2026-03-24 09:00 UTC",
    "list": "Zq, Qz and Xq",
    "known": "what is out stays",
}
FRENCH = {
    "known": "ce qui est en ligne y reste",
    "n": "1\u202f234",
    "time": "24 mars 2026 à 09:00 UTC",
    "list": "Zq, Qz et Xq",
}


def catalog() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="fr")


MESSAGES = [message for message in catalog() if message.id and not message.context]
PHRASES = Phrases(
    {str(m.id): str(m.string) for m in MESSAGES}
    | {f"{m.context}{CONTEXT}{m.id}": str(m.string) for m in catalog() if m.context}
)


def in_a_file(source: Source) -> bool:
    return source.file in WRITTEN and LINE_OF_A_FILE.search(source.shape) is not None


def test_everything_said_is_there() -> None:
    """Every sentence of the source that a person may meet is in the catalog, or among those that nobody is told."""
    known = {shape_of(str(m.id)) for m in MESSAGES}
    missing = {
        f"{s.file}:{s.line}: {s.shape}"
        for s in sentences()
        if s.shape not in known | UNTOLD["*"] and not UNTOLD.get(s.file, set()) & {s.shape, "*"} and not in_a_file(s)
    }
    assert missing == set(), f"put them into {PO.name}, then: {RENEW}"


def test_nothing_in_it_is_stale() -> None:
    """Every message of the catalog that names a file still stands in that file; the others say where they come from."""
    said = {(s.file, s.shape) for s in sentences()}
    stale = {str(m.id) for m in MESSAGES if any((file, shape_of(str(m.id))) not in said for file, _ in m.locations)}
    assert stale == set()
    assert {str(m.id) for m in MESSAGES if not m.locations and not m.auto_comments} == set()
    untold = {(file, text) for file, texts in UNTOLD.items() for text in texts}
    assert {(file, text) for file, text in untold if "*" not in (file, text) and (file, text) not in said} == set()


def test_a_message_and_its_translation_have_the_same_fields() -> None:
    """Fields are named, each once; kinds stand in the message alone, and are known. No two messages are one sentence."""
    assert [shape for shape, n in Counter(shape_of(str(m.id)) for m in MESSAGES).items() if n > 1] == []
    for message in MESSAGES:
        fields = FIELD.findall(str(message.id))
        names = [name for name, _ in fields]
        assert len(set(names)) == len(names), message.id
        assert {kind for _, kind in fields} <= set(KINDS), message.id
        assert sorted(FIELD.findall(str(message.string))) == sorted((name, "") for name in names), message.id
        assert not re.search(r"\{\w+:\w+\}", str(message.string)), message.id


def sample(kind: str, n: int) -> tuple[str, str]:
    """What may stand in a field, and what becomes of it."""
    english = SAMPLES.get(kind, f"Zq{n}x")
    return english, FRENCH.get(kind, english)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: str(m.id)[:40])
def test_each_finds_its_own_translation(message: Message) -> None:
    """A sentence with values is said in French with the same values: no other message takes it first."""
    english, french = str(message.id), str(message.string)
    for n, (name, kind) in enumerate(FIELD.findall(english)):
        told, said = sample(kind, n)
        english = english.replace(f"{{{name}:{kind}}}" if kind else f"{{{name}}}", told)
        french = french.replace(f"{{{name}}}", said)
    assert PHRASES.say(english) == french


def test_typography() -> None:
    """Before : ; ! ? » and after « stands a no-break space, and the apostrophe is the curved one; code is left alone."""
    for message in MESSAGES:
        words = re.sub(r"`[^`]*`|\"[^\"]*\"|\S*[./=]\S*|git .*|pip .*|chmod \S+ \S+|'[^']*'", "", str(message.string))
        assert not re.search(r"[^\W\d]'[^\W\d]", words), message.string
        assert not re.search(r" [:;!?»](?:\s|$)|« ", words), message.string


def test_no_message_is_too_general() -> None:
    """A message with fields has words or signs enough of its own, or its fields are narrow: a vendor's sentence is not taken
    for one."""
    for message in MESSAGES:
        wide = [kind for _, kind in FIELD.findall(str(message.id)) if kind in ("", "say", "list")]
        fixed = ANY_FIELD.sub("", str(message.id))
        letters, signs = re.sub(r"[\W\d_]", "", fixed), re.search(r"[-:()`=#*]", fixed)
        enough = len(letters) >= (5 if str(message.id)[0].isalpha() else 8) or bool(signs)
        assert not wide or enough or message.auto_comments, message.id


def test_the_compiled_catalog_is_the_written_one() -> None:
    """`presstime.mo` is what gettext reads at run time, and what the .po says now."""
    made = BytesIO()
    write_mo(made, catalog())
    made.seek(0)
    with (folder_of("fr") / "presstime.mo").open("rb") as file:
        entries = vars(GNUTranslations(file))["_catalog"]
    wanted = vars(GNUTranslations(made))["_catalog"]
    assert {k: v for k, v in entries.items() if k} == {k: v for k, v in wanted.items() if k}, f"run: {RENEW}"
