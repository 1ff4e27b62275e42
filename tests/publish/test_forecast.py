"""The forecast: what is scheduled and will fail is said ahead, with the reason and what to do; nothing else is."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from presstime.errors import NetworkError
from presstime.model import Action, Channel, Delivery, DeliveryState, Identity, Segment, Status, Variant
from presstime.networks.base import Adapter
from presstime.networks.memory import TRAITS, MemoryNetwork
from presstime.publish.cost import Cost
from presstime.publish.forecast import Forecast, Outlook
from tests.plan.kit import NOW, ahead

D = Delivery("launch", "brand")
COMING = Action(D, "wait", ahead(days=3), "due", "d1")
HELD = Action(D, "hold", ahead(days=3), "too long [too-long]", "")


def an_adapter(identity: Callable[[], Identity], limits: dict[str, int] | None = None) -> Adapter:
    from dataclasses import replace

    network = MemoryNetwork(replace(TRAITS, needs_credentials=True))
    adapter = network.adapter_class()(Channel("brand", "memory"), None)
    adapter.identity = identity  # type: ignore[method-assign]
    adapter.limits = lambda: limits or {}  # type: ignore[method-assign]
    return adapter


def fine() -> Identity:
    return Identity("verne")


def outlooks(
    action: Action = COMING, identity: Callable[[], Identity] = fine, costs: Any = (), **more: Any
) -> list[Outlook]:
    limits = more.pop("limits", None)
    known = {
        "adapter": lambda name: an_adapter(identity, limits),
        "ends": {},
        "assisted": lambda name: False,
        "said": lambda digest: None,
        "waiting": (),
        "budget": {},
        "zone": "UTC",
    }
    return Forecast(**{**known, **more}).of([action], costs, NOW)


def said(found: list[Outlook]) -> list[str]:
    return [f"{o.severity} {o.code}" for o in found]


def test_all_is_well() -> None:
    """Where nothing is known to go wrong, nothing is said."""
    assert outlooks() == []


def test_what_the_plan_holds() -> None:
    """What cannot be said, or is not approved, is held in the plan, and will not go out; what a person paused is no failure."""
    assert said(outlooks(HELD)) == ["error held"]
    assert outlooks(Action(D, "hold", NOW, "paused", "", paused=True)) == []


def test_access_that_ends_before() -> None:
    """By what the credential tells, or the network: an error if it ends before the instant, not after it."""
    for days, expected in ((2, ["error access-ends"]), (4, [])):
        assert said(outlooks(ends={"brand": ahead(days=days)})) == expected
        ends = ahead(days=days)
        assert said(outlooks(identity=lambda ends=ends: Identity("verne", expires_at=ends))) == expected


def test_what_the_network_says_of_the_credentials() -> None:
    """Refused, or without a right that publishing needs: an error. Away tonight: a warning, it may be there tomorrow."""

    def refused() -> Identity:
        raise NetworkError("the version 202401 is not served any more", "Upgrade.", needs_person=True)

    def away() -> Identity:
        raise NetworkError("nobody answers")

    assert said(outlooks(identity=refused)) == ["error access-refused"]
    assert "Upgrade." in outlooks(identity=refused)[0].advice
    assert said(outlooks(identity=away)) == ["warning not-asked"]
    assert outlooks(identity=partial(Adapter.identity, an_adapter(fine))) == [], "one that does not tell is no trouble"
    assert said(outlooks(identity=lambda: Identity("verne", lacking=("write",)))) == ["error rights-lacking"]


def test_longer_than_the_server_takes() -> None:
    """The server's own limit counts, where it tells one that is less than what was rendered for."""
    variant = Variant(D, "memory", NOW, (Segment(0, "x" * 400, length=400),))
    assert said(outlooks(limits={"characters": 300}, said=lambda digest: variant)) == ["error too-long"]
    assert said(outlooks(limits={"characters": 400}, said=lambda digest: variant)) == []


def test_nobody_posts_there() -> None:
    """On an assisted channel where a person was reminded and did not post, what comes next is a warning; no network is asked."""
    waiting = DeliveryState(Delivery("old", "brand"), Status.HANDED, handed=NOW - timedelta(days=1), reminded=2)

    def never() -> Identity:
        raise AssertionError("a person posts here")

    assert said(outlooks(identity=never, assisted=lambda name: True, waiting=[waiting])) == ["warning nobody-posts"]
    assert outlooks(identity=never, assisted=lambda name: True) == []


def test_the_budget() -> None:
    """What goes beyond a month's budget is named, from the delivery on that breaks it."""
    cost = Cost(D, "X", 1, 0, Decimal("0.015"), "USD")
    assert said(outlooks(costs=[cost], budget={"USD": Decimal("0.01")})) == ["warning over-budget"]
    assert outlooks(costs=[cost], budget={"USD": Decimal("0.015"), "EUR": Decimal(0)}) == []
