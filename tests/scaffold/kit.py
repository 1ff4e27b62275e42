"""The command line in this process: a hundred calls of it take a second, and each as a process of its own a minute."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from presstime.cli import main
from tests.cli.kit import Done


@contextmanager
def _at(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def run(*arguments: str | Path, cwd: Path) -> Done:
    """`presstime` with these arguments, without a terminal."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, _at(cwd), redirect_stdout(out), redirect_stderr(err):
        patch.setattr("sys.argv", ["presstime", *map(str, arguments)])
        patch.setattr("sys.stdin", io.StringIO())
        patch.setattr("atexit.register", lambda *given: None)
        with pytest.raises(SystemExit) as ended:
            main()
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())
