"""A form for posts: the collections and fields of Decap CMS, made of the one table of keys and the newsroom's settings.

Pure: settings and folders in, the configuration as data out. Field types ("widgets") and their options are those of
https://decapcms.org/docs/widgets/. What the form writes is what the loader reads; `tests/real/test_cms.py` holds them together in a
browser.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from presstime.content import formwords
from presstime.content.keys import CHANNEL_KEYS, KEYS, MEDIA_KEYS, NEXT_SLOT, Key
from presstime.model import Json, JsonObject
from presstime.settings import Settings

Say = Callable[[str], str]  # a text in the newsroom's language

BODY = "body"  # Decap's name of what stands below the front matter
ORDER = (
    *("title", "summary", "publish_at", "channels", BODY, "media", "tags", "status", "overrides", "late", "expires_at", "retract"),
    *("repeat", "slots", "language", "link", "campaign", "thread", "timezone", "fold", "template", "again", "id"),
)  # fmt: skip
WHERE_USED = ("draft", "published")  # other generators' ways to say `status`: shown where posts have them
RESPELT = frozenset(["text", "when", "instant", "texts", "url", "language"])  # kinds that other tools write as we do
# Local time, as it is picked: no offset, which would be that of whoever's computer it was.
DATE_FORMAT = "YYYY-MM-DDTHH:mm:ss"
# Only what every network can show in some way; pictures are `media`, and not in the text.
BUTTONS = ("bold", "italic", "link", "heading-two", "heading-three", "quote", "bulleted-list", "numbered-list", "code")
LATE = ("publish", "within 30m", "within 2h", "within 24h", "skip", "ask")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of posts below the content root, its sub-folders not included. In a folder of `bundles` each post is
    `name/index.md`. `spellings` are other names that its posts have for our keys."""

    path: str
    bundles: bool = False
    spellings: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return "".join(c if c.isalnum() else "-" for c in self.path).strip("-") or "posts"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of posts in one folder, in the newsroom's words."""

    settings: Settings
    say: Say
    spellings: Mapping[str, str] = field(default_factory=dict)

    def fields(self) -> list[JsonObject]:
        keys = {key.name: key for key in KEYS}
        names = [*ORDER, *(name for name in WHERE_USED if name in self.spellings.values())]
        found = [self._body() if name == BODY else self._field(keys[name]) for name in names]
        return [one for one in found if one]

    def _field(self, key: Key) -> JsonObject:
        """One field; {} for a key that says nothing in this newsroom."""
        widget = self._widget(key)
        if not widget:
            return {}
        name = self.spellings.get(key.name, key.name) if key.kind in RESPELT else key.name
        shown = {"label": self.say(formwords.LABELS[key.name]), "name": name}
        return {**shown, "required": False, **widget, **self._hint(key, widget)}

    def _hint(self, key: Key, widget: JsonObject) -> JsonObject:
        if "hint" in widget or widget["widget"] == "hidden":
            return {}
        return {"hint": self.say(formwords.HINTS.get(key.name, key.doc))}

    def _widget(self, key: Key) -> JsonObject:
        """What is particular to the key or to its kind."""
        by_name: dict[str, Callable[[], JsonObject]] = {
            "id": lambda: {} if self.settings.content.identity == "name" else {"widget": "hidden"},
            "title": lambda: {"widget": "string", "required": True},
            "summary": lambda: {"widget": "text"},
            "text": lambda: {"widget": "text"},
            "publish_at": self._publish_at,
            "slots": lambda: self._select(self.settings.slots) if self.settings.slots else {},
            "alt": lambda: {"widget": "string", "required": self.settings.content.require_alt},
        }
        by_kind: dict[str, Callable[[], JsonObject]] = {
            "text": lambda: {"widget": "string"},
            "file": lambda: {"widget": "image", "required": True, "allow_multiple": False, "choose_url": False},
            "status": lambda: self._choice("status"),
            "late": self._late,
            "thread": lambda: self._choice("thread"),
            "flag": lambda: {"widget": "boolean"},
            "instant": lambda: self._datetime(),
            "when": lambda: self._datetime(),
            "rule": lambda: self._pattern(r"^(RRULE:)?FREQ=[A-Za-z]+(;[A-Za-z]+=[^;=]+)*$", key),
            "texts": lambda: {"widget": "list"},
            "channels": self._channels,
            "overrides": self._overrides,
            "media": self._media,
            "url": lambda: self._pattern(r"^https?://[^\s/]", key),
            "zone": lambda: self._pattern(r"^[A-Za-z]+(/[A-Za-z0-9_+-]+)*$", key),
            "language": lambda: self._pattern(r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$", key),
            "number": lambda: {"widget": "select", "options": [1, 2]},
            "point": lambda: self._pattern(r"^-?[01](\.[0-9]+)?[\s,]+-?[01](\.[0-9]+)?$", key),
        }
        return (by_name.get(key.name) or by_kind[key.kind])()

    # --- the widgets ---

    def _body(self) -> JsonObject:
        editing: JsonObject = {"modes": ["rich_text", "raw"], "buttons": list(BUTTONS), "editor_components": []}
        return {"label": self.say("Text"), "name": BODY, "widget": "markdown", "required": False, **editing}

    def _publish_at(self) -> JsonObject:
        """Where there are slots, a new post waits for one until a time is picked: the date picker leaves words alone."""
        slots = self.settings.slots
        some = self.settings.default_slots or len(slots) == 1
        zones = {c.timezone for c in self.settings.channels.values()} - {None, self.settings.timezone}
        words = [formwords.LOCAL_TIME, formwords.OWN_ZONES if zones else "", formwords.NEXT_SLOT if some else ""]
        hint = " ".join(self.say(text).format(zone=self.settings.timezone) for text in words if text)
        return {**self._datetime(), "required": True, **({"default": NEXT_SLOT} if some else {}), "hint": hint}

    def _datetime(self) -> JsonObject:
        return {"widget": "datetime", "format": DATE_FORMAT}

    def _pattern(self, pattern: str, key: Key) -> JsonObject:
        said = self.say("Write it like {example}").format(example=key.example)
        return {"widget": "string", "pattern": [pattern, said]}

    def _select(self, values: Mapping[str, object]) -> JsonObject:
        return {"widget": "select", "options": list(values)}

    def _choice(self, kind: str) -> JsonObject:
        options = [{"label": self.say(label), "value": value} for value, label in formwords.CHOICES[kind].items()]
        return {"widget": "select", "options": options}

    def _late(self) -> JsonObject:
        own = str(self.settings.late)
        values = LATE if own in LATE else (own, *LATE)
        return {
            "widget": "select",
            "options": [{"label": self._late_words(value), "value": value} for value in values],
            "hint": self.say("Left empty: {rule}.").format(rule=_small(self._late_words(own))),
        }

    def _late_words(self, rule: str) -> str:
        word, _, window = rule.partition(" ")
        return self.say(formwords.CHOICES["late"][word]).format(window=window)

    def _channels(self) -> JsonObject:
        widget: JsonObject = {"widget": "select", "multiple": True, "options": self._named()}
        if self.settings.content.opt_in:  # naming channels is what makes a page of the site a post
            return {**widget, "hint": self.say(formwords.OPT_IN)}
        chosen = self._default_channels()
        return {**widget, "required": True, **({"default": chosen} if chosen else {})}

    def _named(self) -> list[Json]:
        """The groups, then the channels, each said with what it is."""
        of = self.say("{name}: {count} channels")
        groups = [
            {"label": of.format(name=name, count=len(members)), "value": name}
            for name, members in self.settings.groups.items()
        ]
        channels = [{"label": f"{c.name} ({c.network})", "value": c.name} for c in self.settings.channels.values()]
        return [*groups, *channels]

    def _default_channels(self) -> list[Json]:
        """As presstime.toml says it: a group by its name where it is the whole."""
        wanted = self.settings.default_channels
        group = next((name for name, members in self.settings.groups.items() if members == wanted), None)
        return [group] if group else list(wanted)

    def _overrides(self) -> JsonObject:
        channel: JsonObject = {
            "label": self.say(formwords.LABELS["channel"]),
            "name": "channel",
            "widget": "select",
            "required": True,
        }
        fields = [self._particular(key) for key in CHANNEL_KEYS]
        inner = [{**channel, "options": self._named()}, *filter(None, fields)]
        return self._list("overrides", "{{fields.channel}}", inner)

    def _particular(self, key: Key) -> JsonObject:
        """A field of one channel: nothing in it is asked for, or filled in beforehand."""
        made = self._field(key)
        if made:
            made = {**made, "required": False, "hint": self.say(formwords.CHANNEL_HINTS.get(key.name, key.doc))}
            made.pop("default", None)
        return made

    def _media(self) -> JsonObject:
        fields = [one for key in MEDIA_KEYS if (one := self._field(key))]
        return self._list("media", "{{fields.file}}", fields)

    def _list(self, name: str, summary: str, fields: list[JsonObject]) -> JsonObject:
        one = self.say(formwords.ONE[name])
        return {"widget": "list", "label_singular": one, "summary": summary, "collapsed": False, "fields": fields}


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]


def collections(settings: Settings, folders: list[Folder], prefix: str, say: Say) -> list[JsonObject]:
    """One of Decap's folder collections for each folder; `prefix` is the content root in the repository, "" or with a slash."""
    return [_collection(settings, folder, prefix, say, len(folders) == 1) for folder in folders]


def _collection(settings: Settings, folder: Folder, prefix: str, say: Say, alone: bool) -> JsonObject:
    fields = Form(settings, say, folder.spellings).fields()
    dated = folder.path.rpartition("/")[2] == "_posts"  # Jekyll's: it asks for a date in the file's name
    by_name = settings.content.identity == "name"
    made: JsonObject = {
        "name": folder.name,
        "label": say("Posts") if alone else say("Posts in {folder}").format(folder=folder.path),
        "label_singular": say("Post"),
        "folder": prefix + folder.path,
        "create": True,
        "extension": "md",
        "format": "frontmatter",
        "slug": "{{year}}-{{month}}-{{day}}-" * dated + ("{{slug}}" if by_name else "{{fields.id}}"),
        "sortable_fields": [folder.spellings.get("publish_at", "publish_at"), "title"],
        "fields": fields,
    }
    if folder.bundles:  # pictures go beside the post
        made |= {"path": "{{slug}}/index", "media_folder": "", "public_folder": ""}
    return made
