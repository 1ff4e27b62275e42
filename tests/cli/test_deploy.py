"""`presstime deploy`: what a Prefect server knows afterwards, and what is said where it cannot be."""

from collections.abc import Iterator, Mapping

import pytest

from tests.cli.kit import Newsroom, ask_prefect, own_prefect


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with own_prefect(tmp_path_factory) as environment:
        yield environment


@pytest.mark.real
def test_the_flows_are_in_the_pool(newsroom: Newsroom, prefect: Mapping[str, str]) -> None:
    """A work pool for processes is made, and every flow is in it, with its schedule, the orders of ops as well; once more changes nothing."""
    newsroom.folder.commit()
    for _ in range(2):
        done = newsroom.call("deploy", "--pool", "verne", env=prefect)
        assert (done.code, done.out.count("deployed ")) == (0, 14), done.said
    found = ask_prefect(prefect, "deployments/filter", work_pools={"name": {"any_": ["verne"]}})
    schedules = {"sync": 1, "publish": 0, "checkpoint": 1, "accounts": 1, "forecast": 1, "listen": 1}
    orders = dict.fromkeys(("pause", "resume", "retry", "skip", "retract", "settle", "accept", "undo"), 0)
    named = {f"{flow}-maison-verne": count for flow, count in (schedules | orders).items()}
    assert {d["name"]: len(d["schedules"]) for d in found} == named
    assert {d["parameters"]["root"] for d in found} == {str(newsroom.folder.path)}
    [pool] = ask_prefect(prefect, "work_pools/filter", work_pools={"name": {"any_": ["verne"]}})
    assert pool["type"] == "process"


def test_without_a_server_it_says_so(newsroom: Newsroom) -> None:
    """No address, or nobody at it: wrong usage, with what to set."""
    for env, said in (
        ({"PREFECT_API_URL": ""}, "no Prefect server is named"),
        ({"PREFECT_API_URL": "http://127.0.0.1:9/api"}, "answers at"),
    ):
        done = newsroom.call("deploy", env=env)
        assert (done.code, said in done.err) == (2, True)
