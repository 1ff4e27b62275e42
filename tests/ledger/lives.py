"""Events of every kind, each as its writer writes it, and lives of deliveries made of them."""

from typing import Any

from presstime.ledger.claims import step
from presstime.model import Delivery, Event, Receipt

OUT = ["claimed", "sending", "accepted", "published"]
LIVES = {
    "begun": ["claimed", "sending"],
    "put off": ["claimed", "sending", "deferred"],
    "out": OUT,
    "edited": [*OUT, "claimed", "editing", "edited"],
    "not edited": [*OUT, "claimed", "editing", "put off"],
    "drifted": [*OUT, "drifted"],
    "to be sent again": [*OUT, "drifted", "undone"],
    "handed": ["handed"],
    "withdrawn": [*OUT, "withdrawn"],
    "stopped": ["paused"],
}
LATER = "2026-11-23T10:00:00+00:00"
RECEIPT = Receipt("1", "https://v.example/1").to_json()
DATA: dict[str, dict[str, Any]] = {
    "claimed": {"epoch": 1, "worker": "w1", "lease": 120.0, "digest": "d1"},
    "sending": {"epoch": 1, "segment": 0, "digest": "d1", "key": "k", "lease": 120.0, "deposit": {"container": "c1"}},
    "accepted": {"epoch": 1, "segment": 0, "receipt": RECEIPT},
    "published": {"epoch": 1, "url": "u"},
    "deferred": {"epoch": 1, "reason": "away", "until": None, "needs_person": False, "tried": True},
    "editing": {"epoch": 1, "digest": "d1", "lease": 120.0, "origin": {}, "reason": "changed"},
    "edited": {"epoch": 1, "digest": "d1", "receipts": [RECEIPT]},
    "put off": {"epoch": 1, "change": "edit", "reason": "away", "until": None, "needs_person": False, "tried": True},
    "drifted": {"seen": [[0, None, ""]]},
    "undone": {"by": "Ada", "reason": "x", "epoch": 2},
    "handed": {"epoch": 1, "digest": "d1", "until": None, "origin": {}, "worker": "w1", "run": ""},
    "withdrawn": {"by": "Ada", "reason": "x"},
    "refused": {"epoch": 1, "segment": 0, "reason": "no", "code": "422"},
    "unknown": {"epoch": 1, "segment": 0, "reason": "lost", "over": False},
    "still unknown": {"epoch": 1, "segment": 0, "reason": "away", "over": True, "until": LATER, "tried": True},
    "not found": {"epoch": 1, "segment": 0, "found": False, "how": "looked", "review": True},
    "to be resent": {"epoch": 1, "segment": 0, "found": False, "how": "looked", "review": False, "resend": True},
    "found": {"epoch": 1, "segment": 0, "found": True, "how": "looked", "receipt": RECEIPT},
    "edit refused": {"epoch": 1, "change": "edit", "reason": "no", "code": "403"},
    "edit unknown": {"epoch": 1, "change": "edit", "reason": "lost", "until": None, "tried": True},
    "retracting": {"epoch": 1, "reason": "removed", "lease": 120.0, "commit": "c2"},
    "retracted": {"epoch": 1, "reason": "removed"},
    "noted": {"digest": "d2", "reason": "it cannot be edited"},
    "missed": {"due": LATER, "reason": "late"},
    "held": {"reason": "not signed"},
    "dropped": {"reason": "gone", "commit": "c2"},
    "skipped": {"by": "Ada", "reason": "x", "due": LATER},
    "retried": {"by": "Ada", "reason": "x"},
    "told": {"problem": "unknown"},
    "released": {"reason": "x"},
    "reminded": {"since": LATER, "times": 1},
    "kept": {"by": "Ada", "reason": "x"},
    "paused": {"by": "Ada", "reason": "x", "until": None, "rule": "release", "gap": 60.0},
}


KINDS = {  # of those that are called otherwise above
    "put off": "deferred",
    "still unknown": "unknown",
    "not found": "settled",
    "to be resent": "settled",
    "found": "settled",
    "edit refused": "refused",
    "edit unknown": "unknown",
}


def event_of(kind: str, delivery: Delivery) -> Event:
    return step(KINDS.get(kind, kind), delivery, **DATA[kind])
