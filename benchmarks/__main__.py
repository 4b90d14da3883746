"""`make bench` or `python -m benchmarks`: the worker on a real Kafka, its rivals and its limits, in one run.

Everything runs on this machine, on an embedded broker, with a bundle trained for the purpose. About 12
minutes on two cores; --quick: a smoke test of less than 90 s whose figures mean little. --memory: a run of
its own. Progress goes to stderr. Exit code 1 when a part failed, an alert was lost, or events are
not the same.
"""

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from benchmarks import suite
from benchmarks.machine import machine
from benchmarks.memory import BROKER, memory
from benchmarks.process import FAILURES
from benchmarks.room import room
from benchmarks.scale import FULL, QUICK
from benchmarks.tables import Table, markdown, tables
from enrich.errors import MillraceError

# Of a table where no terminal says how wide it is.
WIDTH: Final = 120


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for and print it."""
    given = options().parse_args(arguments)
    if given.show:
        doc = orjson.loads(given.show.read_bytes())
    else:
        for name in [name for name in os.environ if name.startswith("MILLRACE_")]:
            del os.environ[name]  # the user's own installation is none of this
        began = time.monotonic()
        try:
            doc = measured(given)
        except (*FAILURES, MillraceError) as error:
            print(f"benchmark: {suite.reason(error)}", file=sys.stderr)
            return 1
        doc["seconds"] = round(time.monotonic() - began)
        if given.save:
            given.save.write_bytes(orjson.dumps(doc, option=orjson.OPT_INDENT_2))
    if given.json:
        sys.stdout.buffer.write(orjson.dumps(doc) + b"\n")
    elif given.markdown:
        print(markdown(tables(doc)))
    else:
        width = None if sys.stdout.isatty() else WIDTH
        console = Console(highlight=False, width=width)
        for table in tables(doc):
            draw(console, table)
    return 1 if broken(doc) else 0


def options() -> argparse.ArgumentParser:
    """Return what can be asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="everything once, little of it: a smoke test")
    parser.add_argument(
        "--only", action="append", choices=list(suite.PARTS), help="this part; may be repeated"
    )
    parser.add_argument("--runs", type=int, help="of each contestant (default: 3)")
    parser.add_argument(
        "--memory", action="store_true", help="only the memory of a worker, under hostile alerts"
    )
    parser.add_argument("--alerts", type=int, default=5_000_000, help="of --memory (default: 5,000,000)")
    parser.add_argument(
        "--every", type=float, default=10.0, help="seconds between looks of --memory (default: 10)"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document on stdout, nothing else")
    form.add_argument("--markdown", action="store_true", help="tables to paste into docs/benchmarks.md")
    parser.add_argument("--save", type=Path, metavar="FILE", help="also keep the JSON document there")
    parser.add_argument("--show", type=Path, metavar="FILE", help="measure nothing: print what --save kept")
    return parser


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """Measure."""
    scale = QUICK if given.quick else FULL
    if given.runs:
        scale = replace(scale, runs=given.runs)
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", file=sys.stderr, flush=True)

    if given.memory:
        about = machine()
        with room(scale, say, alerts=0, extra=BROKER) as where:
            return {"machine": about, "memory": memory(where, given.alerts, given.every, say).document()}
    parts = {name: part for name, part in suite.PARTS.items() if not given.only or name in given.only}
    return suite.run(scale, parts, say)


def broken(doc: dict[str, Any]) -> bool:
    """Whether a part failed, an alert did not come out, or an event is another than in process."""
    found = [*doc.get("throughput", {}).values(), *doc.get("latency", ()), *doc.get("scaling", {}).values()]
    wrong = ("failed", "lost", "missing", "differing")
    return any(each.get(name) for each in found for name in wrong)


def draw(console: Console, table: Table) -> None:
    """Print a table for a person."""
    drawn = Drawn(title=table.title, title_justify="left", title_style="bold")
    for i, column in enumerate(table.columns):
        left = i == 0 or len(table.columns) == 2
        drawn.add_column(Text(column), justify="left" if left else "right", no_wrap=i == 0, overflow="fold")
    for row in table.rows:
        drawn.add_row(*(Text(cell) for cell in row))
    console.print(drawn)
    for note in table.notes:
        console.print(Text(note, style="dim"))
    console.print()


if __name__ == "__main__":
    sys.exit(main())
