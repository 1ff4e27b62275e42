"""What the form calls the keys and their values, in English; the newsroom's language is put in its place by `say`.

A key without a hint of its own here is explained by the sentence that it has in the table of keys."""

LABELS = {
    "title": "Title",
    "summary": "Summary",
    "publish_at": "Goes out at",
    "channels": "Channels",
    "media": "Pictures",
    "tags": "Tags",
    "status": "State",
    "overrides": "Exceptions",
    "late": "If the time was missed",
    "expires_at": "Not after",
    "retract": "Then take it down",
    "repeat": "Repeats",
    "slots": "Set of weekly slots",
    "language": "Language",
    "link": "Page on the site",
    "campaign": "Campaign",
    "thread": "If it is too long",
    "timezone": "Time zone",
    "fold": "Which of two equal local times",
    "template": "Template",
    "again": "Said before, and meant",
    "id": "Id",
    "draft": "Draft",
    "published": "Published",
    "file": "Picture",
    "alt": "What it shows",
    "caption": "Caption",
    "focus": "Point that cropping keeps",
    "channel": "Channel or group",
    "text": "Text",
    "skip": "Not here",
}
ONE = {"media": "Picture", "overrides": "Exception"}  # of what is a list of entries
HINTS = {
    "title": "The headline.",
    "channels": "Where it goes: channels, and groups of them.",
    "media": "What is sent along.",
    "tags": "Words, with commas between them.",
    "overrides": "Another text, time or picture on one of the channels above.",
    "status": "Left empty: ready. Nothing goes out before this post is merged, whatever is chosen here.",
    "thread": "Left empty: only what must be split is split.",
    "retract": "At the time above, what is out is taken down.",
    "slots": "For a post that takes the next free slot.",
    "file": "One of the library, or one of your own.",
    "alt": "For those who do not see it: a sentence or two, in the language of the post.",
    "template": "The name of a template of the newsroom.",
    "again": "This may say what another post has said.",
}
CHANNEL_HINTS = {"media": "Other pictures than the post's."}
OPT_IN = "Left empty: it is a page of the site alone, and goes nowhere else."
LOCAL_TIME = "Local time of {zone}, wherever you are."
OWN_ZONES = "A channel with a time zone of its own takes it as its own local time."
NEXT_SLOT = "Left as it is: the next free weekly slot."
CHOICES = {
    "status": {
        "ready": "Ready",
        "draft": "Draft: not yet",
        "retracted": "Taken down",
    },
    "late": {
        "publish": "Publish it all the same",
        "within": "Publish it up to {window} late",
        "skip": "Do not publish it",
        "ask": "Ask me",
    },
    "thread": {
        "auto": "Split only if it must be",
        "never": "Shorten, never split",
        "manual": "I split it, with a line ---",
        "resume": "A part failed: go on",
        "retract": "A part failed: take down the others",
        "leave": "A part failed: leave the others",
    },
}
