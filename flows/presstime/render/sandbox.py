"""A Jinja that can only say words: plain data, and bounds on what a template may take and give.

Jinja's sandbox keeps templates from reaching into Python, and says itself that it does not keep them from eating memory
and time. So each turn, and each value that a template makes, is counted here against a `Budget`. What could grow before it
is counted (`%` formatting, `format`, `center`, `indent`, ...) is not there, nor is what answers differently each time
(`random`, `lipsum`): the same post gives the same words.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from jinja2 import StrictUndefined, Template, nodes
from jinja2.exceptions import SecurityError, TemplateRuntimeError, TemplateSyntaxError
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from presstime.render.budget import MAX_BITS, MAX_TEXT, Budget, Spent, current

FILTER_NAMES = """abs capitalize count d default dictsort first float groupby int items last length list lower map max min
reject rejectattr reverse select selectattr sort string sum title trim truncate unique upper urlencode wordcount"""
STRING_METHODS = """capitalize casefold count endswith find isalnum isalpha isdigit islower isspace istitle isupper lower
lstrip partition removeprefix removesuffix rpartition rsplit rstrip split splitlines startswith strip swapcase title upper"""
METHODS: dict[type, frozenset[str]] = {  # what may be called of data; of all else only what Jinja itself allows
    str: frozenset(STRING_METHODS.split()),
    dict: frozenset(["get", "items", "keys", "values"]),
    list: frozenset(["count", "index"]),
    tuple: frozenset(["count", "index"]),
    range: frozenset(),
    int: frozenset(),
    bool: frozenset(),
    float: frozenset(),
}


def generate(template: Template, data: Mapping[str, Any], size: int) -> str:
    """Render within a budget: `size` characters of the post's own, and MAX_TEXT more. Raises `Spent`, and whatever the
    template's expressions run into."""
    token = current.set(Budget(size))
    try:
        return _concat(template.generate(data))
    finally:
        current.reset(token)


def _concat(pieces: Iterable[str]) -> str:
    kept = current.get().all(pieces)
    current.get().step(sum(map(len, kept)) // 1024)
    return "".join(kept)


def _held(value: Any) -> Any:
    return current.get().hold(value)


class _Turns(list[Any]):
    """What a loop goes through, with a look at the time at each turn."""

    def __iter__(self) -> Iterator[Any]:
        for value in super().__iter__():
            current.get().turn()
            yield value


def _counted(values: Iterable[Any]) -> list[Any]:
    """The values of a loop; each turn is a step."""
    kept = current.get().all(values)
    current.get().step(len(kept))
    return _Turns(kept)


def bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter or test whose answer is counted; what it would make one by one it makes at once."""

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        return _held(current.get().all(found) if isinstance(found, Iterator) else found)

    return wrapped


def reading(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter or test that reads Markdown, or all of a text: its arguments are counted too, and dearly."""

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        size = sum(len(value) for value in (*args, *kwargs.values()) if isinstance(value, str))
        current.get().step(1 + min(size, MAX_TEXT) // 64)
        return _held(function(*args, **kwargs))

    return wrapped


def _joined(values: Iterable[Any], separator: str = "") -> str:
    texts = current.get().all(str(value) for value in values)
    current.get().room(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _replaced(text: object, old: str, new: str, count: int = -1) -> str:
    whole = str(text)
    found = whole.count(old) if count < 0 else min(count, whole.count(old))
    current.get().room(len(whole) + found * len(new))
    return whole.replace(old, new, count)


def _rounded(value: float, precision: int = 0) -> float:
    return round(value, max(-15, min(15, precision)))


def _range(*bounds: int) -> range:
    found = range(*bounds)
    current.get().step(min(len(found), 1 << 60))
    return found


def _said(value: Any) -> Any:
    """What `{{ ... }}` prints: words and numbers. A list or map in the middle of a message is a mistake."""
    if isinstance(value, list | tuple | Mapping):
        raise TemplateRuntimeError("a list or map cannot be said as it is: name one of its items, or use `join`")
    return value


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment that templates are compiled and run in."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})
    concat = staticmethod(_concat)

    def __init__(self, **options: Any) -> None:
        super().__init__(
            undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, finalize=_said, **options
        )
        self.filters = {name: bounded(FILTERS[name]) for name in FILTER_NAMES.split()}
        self.filters |= {"counted": _counted, "held": _held, "join": _joined, "replace": _replaced, "round": _rounded}
        tests: Mapping[str, Any] = self.tests
        self.tests = {name: bounded(test) for name, test in tests.items()}
        self.globals = {"range": _range, "namespace": self.globals["namespace"]}

    def compile(self, source: Any, *args: Any, **kwargs: Any) -> Any:
        """Compile with each loop, list, slice, comparison and `~` counted. Raises `TemplateSyntaxError`."""
        name, filename = (*args, None, None)[:2]
        if isinstance(source, str) and len(source) > MAX_TEXT:
            raise TemplateSyntaxError(f"the template is longer than {MAX_TEXT} characters", 1, name, filename)
        tree = self.parse(source, name, filename) if isinstance(source, str) else source
        return super().compile(_instrumented(tree), *args, **kwargs)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if type(obj) in METHODS and attr not in METHODS[type(obj)]:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Nothing: `str.format` is no method that a template may call."""
        return

    def get_template(self, *args: Any, **kwargs: Any) -> Template:
        if (budget := current.get(None)) is not None:  # an include or import of a running template
            budget.step(10)
        return super().get_template(*args, **kwargs)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja's own names
        current.get().hold([args, kwargs])
        return _held(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str):
            raise SecurityError("a text cannot be formatted with `%`: join its parts with `~`")
        current.get().room(_size(operator, left, right))
        return _held(super().call_binop(context, operator, left, right))


def _size(operator: str, left: Any, right: Any) -> int:
    """How large the answer of an operator will be, in characters or items. Raises `Spent` for a number beyond measure."""
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * abs(right) if operator == "**" else left.bit_length() + right.bit_length()
        if bits > MAX_BITS:
            raise Spent("it makes a number too large")
        return 0
    sizes = [len(side) if hasattr(side, "__len__") else 0 for side in (left, right)]
    if operator == "*":
        times = [side for side in (left, right) if isinstance(side, int)]
        return max(sizes) * max([0, *times])
    return sum(sizes)


def _instrumented(tree: nodes.Template) -> nodes.Template:
    """The parsed template with counters in it. Jinja's own joining (`~`) cannot be overridden, so it becomes a filter."""
    for loop in tree.find_all(nodes.For):
        loop.iter = _filtered(loop.iter, "counted")
    for node in [tree, *tree.find_all(nodes.Node)]:
        for field, value in list(node.iter_fields()):
            if isinstance(value, nodes.Node):
                setattr(node, field, _counting(value, node))
            elif isinstance(value, list):
                value[:] = [_counting(item, node) for item in value]
    return tree


def _counting(node: Any, parent: nodes.Node) -> Any:
    if isinstance(node, nodes.Concat):
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), "join")
    is_value = isinstance(node, nodes.List | nodes.Dict) or (isinstance(node, nodes.Tuple) and node.ctx == "load")
    is_part = isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice)
    is_compared = isinstance(parent, nodes.Compare | nodes.Operand) and not isinstance(
        node, nodes.Const | nodes.Operand
    )
    already = isinstance(parent, nodes.Filter) and parent.name in ("held", "join")
    return _filtered(node, "held") if (is_value or is_part or is_compared) and not already else node


def _filtered(node: Any, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
