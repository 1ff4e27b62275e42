"""The house keeps its shape: who may import whom, one importer per heavy library, no network's name in generic code."""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from presstime import networks
from presstime.cli import VERBS

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "flows"
PACKAGE = SOURCE / "presstime"
MODULES = sorted(p.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".") for p in PACKAGE.rglob("*.py"))
NAMES = [m.removesuffix(".__init__") for m in MODULES]
TESTS = sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "tests").rglob("*.py"))

BASE = {"", "model", "errors", "clock", "pauses"}
SETTINGS = {"problems", "processes", "settings"}
STAGES = BASE | SETTINGS | {"content", "plan", "render", "policy"}
# What each part may import beside itself, as flows/README.md draws it. "" is the package itself: its version.
MAY_IMPORT = {
    "": set(),
    "model": set(),
    "language": set(),
    "errors": {"model"},
    "clock": set(),
    "pauses": {"model"},
    "processes": set(),
    **dict.fromkeys(SETTINGS - {"processes"}, BASE | SETTINGS),
    "outside": {""},  # a client tells its version
    "networks": {"", "model", "errors", "outside"},
    "stores": {"model", "errors"},
    "embedded": {"model", "errors", "processes"},
    "content": BASE | SETTINGS,
    "scaffold": BASE | SETTINGS | {"content"},
    "plan": BASE | SETTINGS,
    "render": BASE | SETTINGS,
    "policy": BASE | SETTINGS | {"render"},  # what a rule judges is what is said
    "accounts": BASE | SETTINGS | {"networks", "stores"},
    "ledger": BASE | SETTINGS | {"stores"},
    "publish": STAGES | {"ledger", "networks", "stores"},
    "feedback": STAGES | {"ledger", "publish", "networks"},
    "web": STAGES | {"language", "ledger", "publish", "networks"},
    "sandbox": STAGES | {"networks", "web"},  # how a network shows a post
    "wire": STAGES | {"accounts", "language", "ledger", "publish", "feedback", "networks", "stores", "embedded"},
    "orchestration": STAGES | {"accounts", "language", "ledger", "publish", "networks", "stores", "wire", "orders"},
    "rehearsal": STAGES | {"ledger", "publish", "networks", "stores", "sandbox", "wire"},
    "standby": BASE | {"wire"},
    "orders": STAGES | {"ledger", "feedback", "wire"},
    "linkcheck": STAGES | {"outside"},
    "cli": STAGES
    | {
        "accounts",
        "ledger",
        "publish",
        "networks",
        "stores",
        "embedded",
        "language",
        "sandbox",
        "web",
        "rehearsal",
        "wire",
        "orchestration",
        "orders",
        "standby",
        "linkcheck",
        "scaffold",
    },
}
# Right against the direction, each for its reason.
EXCEPTIONS = {
    # A credential may lie in a Prefect block, and only orchestration/ speaks to Prefect: asked when one is named.
    ("presstime.wire.secrets", "presstime.orchestration"),
}
# Of the stages and the ledger, only these know more of the outside than its port.
BEHIND_PORTS = {
    "ledger": {"presstime.stores.base"},
    "publish": {"presstime.stores.base", "presstime.networks.base", "presstime.networks"},
    "feedback": {"presstime.networks.base"},
    # What is known of networks' OAuth, and how the HTTP client is kept silent: of no one network.
    "accounts": {
        "presstime.stores.base",
        "presstime.networks",
        "presstime.networks.hidden",
        "presstime.networks.http",
        "presstime.networks.oauth",
        "presstime.networks.verdict",
    },
}
SINGLE_IMPORTERS = {
    "authlib": {"presstime.accounts.client"},
    "prefect": {"presstime.orchestration"},
    "boto3": {"presstime.stores.s3"},
    "botocore": {"presstime.stores.s3"},
    "pendulum": {"presstime.clock"},
    "dateutil": {"presstime.clock"},
    "tenacity": {"presstime.publish.retry"},
    "cryptography": {"presstime.ledger.note"},
    "pyarrow": {"presstime.ledger.export"},
    "pymediainfo": {"presstime.render.moving"},
    "jinja2": {"presstime.render", "presstime.sandbox", "presstime.web"},
    "babel": {"presstime.language"},
    "icalendar": {"presstime.web.calendar"},
}
HEAVY_AT_IMPORT = {
    "authlib": set(),
    "prefect": {"presstime.orchestration"},
    "boto3": {"presstime.stores.s3"},
    "pygit2": set(),
    "cryptography": set(),
    "pyarrow": set(),
}
GENERIC = (
    "plan",
    "render",
    "policy",
    "accounts",
    "publish",
    "feedback",
    "ledger",
    "content",
    "scaffold",
    "wire",
    "orchestration",
)
CONVENTIONS = {
    "twitter",
    "mastodon",
    "bluesky",
}  # rule sets for what counts as a link, mention or tag, named after who made them
NAMED = {
    "presstime.render.entities": CONVENTIONS,
    "presstime.orchestration.alarms": {"slack", "webhook", "email"},  # how ops are told, not where posts go
    "presstime.wire.access": {"slack", "webhook"},  # the same: the keys of [alerts]
    "presstime.render.measure": {"mastodon", "twitter", "x"},  # "x" is a letter there: the stand-in of a shortened link
    "presstime.render.variant": {"bluesky", "mastodon", "threads"},  # what a template calls that trait
}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse((SOURCE / f"{module.replace('.', '/')}.py").read_text())


def imported(module: str, within: ast.AST | None = None) -> Iterator[str]:
    """The modules that a module imports, wherever it does so; of ours, as far as they are modules."""
    for node in ast.walk(within or tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports relatively"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from [name if name in NAMES else str(node.module) for name in whole]


def at_import(module: str) -> Iterator[str]:
    """What is imported as soon as the module is: not in functions, not for the type checker alone."""
    for node in tree_of(module).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imported(module, node)


def part_of(module: str) -> str:
    return module.split(".")[1] if "." in module.removesuffix(".__init__") else ""


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module: str) -> None:
    """A part imports only what lies before it: content, plan, render <- ledger <- publish <- wire <- orchestration, cli."""
    part = part_of(module)
    ours = {name for name in imported(module) if name.split(".")[0] == "presstime"}
    wrong = {name for name in ours if part_of(name) not in MAY_IMPORT[part] | {part}}
    assert {(module, name) for name in wrong} <= EXCEPTIONS


@pytest.mark.parametrize("module", [m for m in MODULES if part_of(m) in BEHIND_PORTS])
def test_the_outside_is_reached_through_ports(module: str) -> None:
    """Ledger and publish know the ports of stores and networks, never one store or one network."""
    reached = {n for n in imported(module) if n.startswith(("presstime.stores", "presstime.networks"))}
    assert reached <= BEHIND_PORTS[part_of(module)]


def test_every_exception_is_used() -> None:
    """An exception that nobody needs any more is taken out of the list."""
    assert {(m, n) for m, n in EXCEPTIONS if n in set(imported(m))} == EXCEPTIONS
    for module, names in NAMED.items():
        constants = {n.value for n in ast.walk(tree_of(module)) if isinstance(n, ast.Constant)}
        assert names <= constants


@pytest.mark.parametrize("library", SINGLE_IMPORTERS)
def test_single_importers(library: str) -> None:
    """Each heavy library has one place that imports it, so that it can be replaced, and learnt, in one place."""
    allowed = SINGLE_IMPORTERS[library]
    users = {m for m in MODULES if any(name.split(".")[0] == library for name in imported(m))}
    assert users, f"nobody imports {library}: is it still needed?"
    assert {m for m in users if not any(m == a or m.startswith(f"{a}.") for a in allowed)} == set()


@pytest.mark.parametrize("library", HEAVY_AT_IMPORT)
def test_nothing_heavy_at_import(library: str) -> None:
    """Importing a module of ours does not load Prefect, boto3 or pygit2, but for the modules that are made of them."""
    eager = {m for m in MODULES if any(name.split(".")[0] == library for name in at_import(m))}
    assert {m for m in eager if not any(m == a or m.startswith(f"{a}.") for a in HEAVY_AT_IMPORT[library])} == set()


@pytest.mark.parametrize("module", [m for m in MODULES if part_of(m) in GENERIC])
def test_generic_code_never_names_a_network(module: str) -> None:
    """Generic code reads a network's traits: no string in it is a network's name, and it compares nothing with one."""
    known = {*networks.names(), *CONVENTIONS} - NAMED.get(module, set())
    nodes = list(ast.walk(tree_of(module)))
    assert [(n.lineno, n.value) for n in nodes if isinstance(n, ast.Constant) and n.value in known] == []
    compared = [n for n in nodes if isinstance(n, ast.Compare) for side in (n.left, *n.comparators) if _is_name(side)]
    assert [n.lineno for n in compared] == []


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "network"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is(module: str) -> None:
    """A module that holds code begins with a docstring."""
    tree = tree_of(module)
    assert not tree.body or ast.get_docstring(tree)


@pytest.mark.parametrize("path", TESTS)
def test_every_test_states_its_rule(path: str) -> None:
    """Each test function has a docstring: the rule it proves, in a sentence."""
    tree = ast.parse((ROOT / path).read_text())
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    silent = [f"{f.name}:{f.lineno}" for f in functions if f.name.startswith("test_") and not ast.get_docstring(f)]
    assert silent == []
    assert not functions or ast.get_docstring(tree), "the module says nothing of itself"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_module(verb: str) -> None:
    """`presstime VERB` is the click command `command` of presstime.cli.VERB."""
    assert isinstance(importlib.import_module(f"presstime.cli.{verb}").command, click.Command)


def test_every_verb_is_listed() -> None:
    """A module of the command line that has a `command` is a verb that `presstime --help` lists."""
    files = {p.stem for p in (PACKAGE / "cli").glob("*.py")}
    with_command = {n for n in files if hasattr(importlib.import_module(f"presstime.cli.{n}"), "command")}
    assert with_command - {"__init__"} == set(VERBS)
