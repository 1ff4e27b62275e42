"""What is to come on a network that charges: counted from the words as they will be sent, by what the network calls a link."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from presstime.model import DeliveryState, Status
from presstime.networks.memory import Fault, MemoryNetwork
from presstime.networks.x import X
from presstime.publish.cost import Cost, costs_of, money, totals
from presstime.publish.words import Words
from presstime.wire import Desk
from tests.kit import SETTINGS, START, Folder, Office, run_pass

CHANNEL = """
[channels.brand-x]
network = "x"
account = "verne"
credentials = "env:X_TOKEN"
"""
SOON = START + timedelta(hours=1)
THREAD = "Un.\n\n---\n\nDeux: https://verne.fr/lune\n\n---\n\nTrois."


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(Folder(tmp_path / "newsroom", SETTINGS.replace("[defaults]", f"{CHANNEL}[defaults]")))


def priced(office: Office, use: Callable[[Desk], Any] = lambda desk: None, worker: str = "reader/m/0/1") -> list[Cost]:
    """The costs of a plan that is not written down."""
    with office.desk(worker) as desk:
        desk.ledger.catch_up()
        use(desk)
        return costs_of(desk.sync.actions(office.now()), desk.words, desk.ledger)


def sent(office: Office, *faults: Fault) -> dict[str, DeliveryState]:
    """A pass, onto a network in memory that is as X is."""
    network = MemoryNetwork(X.traits, now=office.now, sleep=office.sleep, faults=list(faults))
    with office.desk() as desk:
        desk._adapters["brand-x"] = network.adapter_class()(desk.settings.channels["brand-x"], None)
        return run_pass(desk)


def told(costs: list[Cost]) -> dict[str, tuple[int, int, str]]:
    """Messages, those with a link, and the amount, by delivery."""
    return {str(cost.delivery): (cost.messages, cost.with_link, money(cost.amount)) for cost in costs}


def test_each_message_of_a_thread_is_charged(office: Office) -> None:
    """Three messages, the one with a link at its own price; channels that cost nothing are not named."""
    office.folder.post("thread", THREAD, SOON, channels="[brand-x, site-feed]", thread="manual")
    office.folder.post("short", "Sans lien.", SOON, channels="[brand-x]")
    office.folder.commit()
    costs = priced(office)
    assert told(costs) == {"thread/brand-x": (3, 1, "0.23"), "short/brand-x": (1, 0, "0.015")}
    assert {(cost.network, cost.currency) for cost in costs} == {("X", "USD")}
    assert totals(costs) == {"USD": 0.245}


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("Voir https://verne.fr/lune", 1),
        ("Voir verne.fr, la maison", 1),  # X links what has no scheme, too
        ("Voir [la lune](https://verne.fr/lune)", 1),
        ("Voir 3.5 fois, et verne.invalid", 0),
        ("a@b.fr", 0),
    ],
)
def test_a_link_is_what_the_network_takes_for_one(office: Office, text: str, linked: int) -> None:
    """As X's own rules find them in the words that will be sent."""
    office.folder.post("one", text, SOON, channels="[brand-x]")
    office.folder.commit()
    assert told(priced(office)) == {"one/brand-x": (1, linked, "0.20" if linked else "0.015")}


def test_nothing_is_rendered_for_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is planned already is counted from the log, each entry of it read once, however many deliveries it holds."""
    for n in range(7):
        office.folder.post(f"post-{n}", f"{THREAD} {n}", SOON, channels="[brand-x]", thread="manual")
    office.folder.commit()
    first = priced(office)
    assert len(first) == 7
    office.sync()

    def never(*given: object) -> None:
        raise AssertionError("rendered")

    monkeypatch.setattr(Words, "_rendered", never)
    read: list[str] = []

    def watch(desk: Desk) -> None:
        get = desk.store.get
        monkeypatch.setattr(desk.store, "get", lambda key: read.append(key) or get(key))

    assert priced(office, watch) == first
    assert len(read) == len(set(read)) == 1


def test_without_a_price_the_log_is_not_asked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newsroom whose networks cost nothing pays nothing for knowing it."""
    office.folder.post("free", due=SOON, channels="[site-feed]")
    office.folder.commit()
    office.sync()

    def use(desk: Desk) -> None:
        monkeypatch.setattr(desk.ledger, "payloads", lambda digests: pytest.fail("asked"))

    assert priced(office, use) == []


def test_the_rest_of_a_thread(office: Office) -> None:
    """What is out is paid: a thread that stopped after its first message costs the others."""
    office.folder.post("thread", THREAD, channels="[brand-x]", thread="manual", late="publish")
    office.folder.commit()
    state = sent(office, Fault("429", times=99, skip=1, seconds=3600))["thread/brand-x"]
    assert (state.status, len(state.receipts)) == (Status.DEFERRED, 1)
    assert told(priced(office)) == {"thread/brand-x": (2, 1, "0.215")}


def test_what_is_not_to_come_costs_nothing(office: Office) -> None:
    """Published, missed and held deliveries, and those that a person posts without the API."""
    office.folder.post("past", due=START - timedelta(days=9), channels="[brand-x]")
    office.folder.post("asked", due=START - timedelta(days=1), channels="[brand-x]", late="ask")
    office.folder.post("out", "Déjà dit.", channels="[brand-x]", late="publish")
    office.folder.commit()
    assert sent(office)["out/brand-x"].status is Status.PUBLISHED
    office.folder.post("again", "Déjà dit.", title="Out", channels="[brand-x]", late="publish")
    office.folder.post("drafted", due=SOON, channels="[brand-x]", status="draft")
    office.folder.commit()
    with office.desk() as desk:
        desk.ledger.catch_up()
        kinds = {str(a.delivery): a.action for a in desk.sync.actions(office.now())}
    assert kinds == {"past/brand-x": "missed", "asked/brand-x": "hold", "again/brand-x": "hold"}
    assert priced(office) == []
    office.folder.write("presstime.toml", SETTINGS.replace("[defaults]", f'{CHANNEL}mode = "assisted"\n[defaults]'))
    office.folder.post("by-hand", due=SOON, channels="[brand-x]")
    office.folder.commit()
    assert priced(office) == []


def test_amounts_as_people_write_them() -> None:
    """Cents, and a tenth of one where there is one."""
    amounts = ("0.2", "0.015", "12", "0.275")
    assert [money(Decimal(text)) for text in amounts] == ["0.20", "0.015", "12.00", "0.275"]
