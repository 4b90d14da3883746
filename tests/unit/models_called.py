"""``millrace models`` as a person calls it, in this process: starting Python takes most of the time."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from millrace.cli import main
from tests.unit.models_fixture import House


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@contextmanager
def environment(mine: House, **settings: str) -> Iterator[dict[str, str]]:
    """Have no settings but these, and the state directory for the current one."""
    before, here = dict(os.environ), Path.cwd()
    plain = {name: value for name, value in before.items() if not name.startswith("MILLRACE_")}
    given = {**plain, "MILLRACE_STATE": str(mine.root), "NO_COLOR": "1", "COLUMNS": "80", **settings}
    os.environ.clear()
    os.environ.update(given)
    os.chdir(mine.root)
    try:
        yield given
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)


def models(mine: House, *args: str, **settings: str) -> Done:
    """Run a command as its process would."""
    out, err = io.StringIO(), io.StringIO()
    with environment(mine, **settings), redirect_stdout(out), redirect_stderr(err):
        code = main(["models", *args])
    return Done(code, out.getvalue(), err.getvalue())


def answer(mine: House, *args: str, code: int = 0, **settings: str) -> Any:
    """Return the JSON document; nothing else was said."""
    done = models(mine, *args, "--json", **settings)
    assert (done.returncode, done.stderr) == (code, "")
    return orjson.loads(done.stdout)


def refusal(mine: House, *args: str, **settings: str) -> str:
    """Return the one line on stderr; nothing on stdout, exit code 2."""
    done = models(mine, *args, **settings)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    return done.stderr
