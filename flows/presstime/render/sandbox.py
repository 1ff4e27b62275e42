"""A Jinja that can only say words: plain data, and bounds on what a template may take and give.

Jinja's sandbox keeps templates from reaching into Python, and says itself that it does not keep them from eating memory
and time. So every way to grow a text, and every way to go round, is counted here against a `Budget`. What could grow
without being counted (`%` formatting, `format`, `center`, `indent`, ...) is not there, nor is what answers differently
each time (`random`, `lipsum`): the same post gives the same words.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from jinja2 import StrictUndefined, Template, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_STEPS = 20_000  # turns of loops, calls, joins and sums in one rendering
MAX_TEXT = 64 * 1024  # characters that a template adds to what the post itself says
MAX_BITS = 4096  # of a number

FILTER_NAMES = """abs capitalize count d default dictsort first float groupby int items last length list lower map max min
reject rejectattr reverse select selectattr sort string sum title trim truncate unique upper urlencode wordcount"""
STRING_METHODS = """capitalize casefold count endswith find isalnum isalpha isdigit islower isspace istitle isupper lower
lstrip partition removeprefix removesuffix rpartition rsplit rstrip split splitlines startswith strip swapcase title upper"""
METHODS = frozenset(STRING_METHODS.split())


class Spent(Exception):
    """A template took more than its budget."""


class Budget:
    """What one rendering may still take."""

    def __init__(self, text: int) -> None:
        self.steps = MAX_STEPS
        self.text = text

    def step(self, count: int = 1) -> None:
        self.steps -= count
        if self.steps < 0:
            raise Spent(f"it takes more than {MAX_STEPS} steps")

    def room(self, size: int) -> None:
        """Check, before it is made, a text or list of that size; each costs steps by its size."""
        if size > self.text:
            raise Spent(f"it makes a text of more than {self.text} characters")
        self.step(1 + size // 1024)


_budget: ContextVar[Budget] = ContextVar("budget")


def generate(template: Template, data: dict[str, Any], size: int) -> str:
    """Render within a budget: `size` characters of the post's own, and MAX_TEXT more. Raises `Spent`."""
    budget = Budget(MAX_TEXT + size)
    token = _budget.set(budget)
    try:
        pieces, total = [], 0
        for piece in template.generate(data):
            total += len(piece)
            budget.room(total)
            pieces.append(piece)
        return "".join(pieces)
    finally:
        _budget.reset(token)


def _concat(pieces: Iterable[str]) -> str:
    kept = list(pieces)
    _budget.get().room(sum(map(len, kept)))
    return "".join(kept)


def _counted(values: Iterable[Any]) -> list[Any]:
    """The values of a loop; each turn is a step."""
    kept = list(values)
    _budget.get().step(len(kept))
    return kept


def _joined(values: Iterable[Any], separator: str = "") -> str:
    texts = [str(value) for value in values]
    _budget.get().room(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _replaced(text: object, old: str, new: str, count: int = -1) -> str:
    whole = str(text)
    found = whole.count(old) if count < 0 else min(count, whole.count(old))
    _budget.get().room(len(whole) + found * len(new))
    return whole.replace(old, new, count)


def _rounded(value: float, precision: int = 0) -> float:
    return round(value, max(-15, min(15, precision)))


def _range(*bounds: int) -> range:
    found = range(*bounds)
    _budget.get().step(len(found))
    return found


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment that templates are compiled and run in."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})
    concat = staticmethod(_concat)

    def __init__(self, **options: Any) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, **options)
        self.filters = {name: FILTERS[name] for name in FILTER_NAMES.split()}
        self.filters |= {"counted": _counted, "join": _joined, "replace": _replaced, "round": _rounded}
        self.globals = {"range": _range, "namespace": self.globals["namespace"]}

    def compile(self, source: Any, *args: Any, **kwargs: Any) -> Any:
        """Compile with each loop and each `~` counted."""
        name, filename = (*args, None, None)[:2]
        tree = self.parse(source, name, filename) if isinstance(source, str) else source
        for loop in tree.find_all(nodes.For):
            loop.iter = _filtered(loop.iter, "counted")
        return super().compile(_without_concat(tree), *args, **kwargs)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str) and attr not in METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def get_template(self, *args: Any, **kwargs: Any) -> Template:
        if (budget := _budget.get(None)) is not None:  # an include or import of a running template
            budget.step(10)
        return super().get_template(*args, **kwargs)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja's own names
        _budget.get().step()
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        budget = _budget.get()
        if operator == "%" and isinstance(left, str):
            raise SecurityError("a text cannot be formatted with `%`: join its parts with `~`")
        budget.room(_size(operator, left, right))
        return super().call_binop(context, operator, left, right)


def _size(operator: str, left: Any, right: Any) -> int:
    """How large the answer of an operator will be, in characters or items. Raises `Spent` for a number beyond measure."""
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
        if bits > MAX_BITS:
            raise Spent("it makes a number too large")
        return 0
    sizes = [len(side) if hasattr(side, "__len__") else None for side in (left, right)]
    if operator == "*":
        times = left if sizes[0] is None else right
        return max(0, int(times)) * (sizes[0] or sizes[1] or 0) if isinstance(times, int) else 0
    return sum(size or 0 for size in sizes)


def _filtered(node: Any, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _without_concat(tree: nodes.Node) -> Any:
    """`a ~ b` as a counted join of a list: Jinja's own joining cannot be overridden."""
    for node in [tree, *tree.find_all(nodes.Node)]:
        for field, value in node.iter_fields():
            if isinstance(value, nodes.Concat):
                setattr(node, field, _join_of(value))
            elif isinstance(value, list):
                value[:] = [_join_of(item) if isinstance(item, nodes.Concat) else item for item in value]
    return tree


def _join_of(node: nodes.Concat) -> nodes.Filter:
    return _filtered(nodes.List(node.nodes, lineno=node.lineno), "join")
