"""The files of the tables: which there are, and how each becomes a table."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from enrich.errors import TableRefused
from enrich.tables import Table, received
from worker.log import log
from worker.settings import Settings
from worker.tables_child import REFUSED, read

# Files below this are built in this process: at most 20 ms of small steps.
SMALL: Final = 262_144
CHILD_S: Final = 600.0
WITHOUT: Final = "alerts go without it"
ROOT: Final = Path(__file__).parents[1]


class Passing(TableRefused):
    """Not the file's contents are wrong: it may be read the next time."""


class Source(NamedTuple):
    """A file that a setting names. kind: of ``enrich.tables.KINDS``. name: of a block list, else the kind."""

    kind: str
    name: str
    path: Path

    @property
    def label(self) -> str:
        """What logs and metrics call it."""
        return label(self.kind, self.name)


def label(kind: str, name: str) -> str:
    """Return what logs and metrics call a table.

    >>> label("geo", "geo"), label("blocklist", "ipsum")
    ('geo', 'blocklist:ipsum')
    """
    return kind if kind == name else f"{kind}:{name}"


def sources(settings: Settings) -> list[Source]:
    """Return the files that the settings name, in the order in which a context counts them."""
    lists = [named.partition("=") for named in settings.blocklists]
    named = [
        ("geo", "geo", settings.geo_db),
        ("asn", "asn", settings.asn_db),
        *(("blocklist", name, Path(path)) for name, _, path in lists),
        ("assets", "assets", settings.assets),
        ("identities", "identities", settings.identities),
    ]
    return [Source(kind, name, path) for kind, name, path in named if path is not None]


def at_start(settings: Settings) -> list[Table]:
    """Return the tables of all files that are good. A missing or damaged one is told, and left out."""
    found = []
    for source in sources(settings):
        try:
            table = load(source)
        except TableRefused as error:
            log.warning("table_refused", table=source.label, reason=str(error), meaning=WITHOUT)
        else:
            tell(source, table)
            found.append(table)
    return found


def load(source: Source, children: "Children | None" = None) -> Table:
    """Return the table of a file; a large one is built by another process. Raises TableRefused."""
    try:
        small = source.path.stat().st_size < SMALL
    except OSError as error:
        raise Passing(f"{source.path}: {error.strerror}") from None
    if small:
        return Table(read(source.kind, source.name, source.path))
    try:
        return Table(received((children or Children()).answer(source)))
    except (OSError, ValueError) as error:  # no process can be started; half an answer
        raise Passing(f"{source.path}: not built: {type(error).__name__}") from None


class Children:
    """Processes that build tables, at most one at a time."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None

    def answer(self, source: Source) -> bytes:
        """Return what ``worker.tables_child`` writes. Raises TableRefused."""
        paths = os.pathsep.join((str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])))
        self._running = child = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "worker.tables_child", source.kind, source.name, str(source.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"},
        )
        try:
            answer, _ = child.communicate(timeout=CHILD_S)
        except subprocess.TimeoutExpired:
            raise Passing(f"{source.path}: not built within {CHILD_S:g} s") from None
        finally:
            self._running = None
            child.kill()
            child.wait()
        if child.returncode == REFUSED:
            raise TableRefused(str(orjson.loads(answer)))
        if child.returncode != 0:
            raise Passing(f"{source.path}: the process that builds it ended with {child.returncode}")
        return answer

    def stop(self) -> None:
        """End what runs: nobody waits for it."""
        if self._running is not None:
            self._running.kill()


def tell(source: Source, table: Table, **more: Any) -> None:
    """Log a table that is in use from now on."""
    facts = table.facts
    if facts.remark:
        more["remark"] = facts.remark
    as_of = datetime.fromtimestamp(facts.as_of_ms / 1000, UTC).isoformat(timespec="seconds")
    log.info("table", table=source.label, source=facts.source, as_of=as_of, entries=facts.entries, **more)
