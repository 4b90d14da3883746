"""Hot reload: files are looked at every ``tables_poll_s``, and taken over between two batches.

    file ─▶ unchanged for a whole look ─▶ built, all of it checked ─▶ a new Context ─▶ the next batch has it
                                              └▶ refused: the last good table stays, a line, a count

No inotify: it knows nothing of network file systems, nor of a directory that Kubernetes swaps.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from mode import Service

from enrich.context import Context
from enrich.errors import TableRefused
from enrich.tables import Table, Tables
from worker.aside import aside, awaited
from worker.current import Current
from worker.log import log, where
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.settings import Settings
from worker.tables import CHILD_S, WITHOUT, Children, Passing, Source, label, load, sources, tell

# A look takes milliseconds, and a child that builds has a bound of its own.
SLOW_S: Final = CHILD_S + 60.0


class Change(NamedTuple):
    """What became of a file that was looked at. table: the new one; None: refused, for this reason."""

    source: Source
    table: Table | None
    reason: str = ""


class Files:
    """Which of the files have changed, and to what. One thread at a time calls it.

    A file is read when it has looked the same twice in a row: whoever writes it in place is done then, as a
    rule, and a half of it that is wrong is refused.
    """

    def __init__(self, settings: Settings) -> None:
        self._sources: Final = sources(settings)
        self._seen: Final[dict[Source, object]] = {}
        self._tried: Final[dict[Source, object]] = {}
        self._told: Final[dict[Source, str]] = {}
        self.children: Final = Children()

    def changes(self, tables: Tables) -> Iterator[Change]:
        """Yield what has come of each file that has another look than when it was last tried."""
        known = {(table.facts.kind, table.facts.name): table for table in tables.tables}
        for source in self._sources:
            look = _look(source.path)
            settled, self._seen[source] = self._seen.get(source, ()) == look, look
            if not settled or self._tried.get(source, ()) == look:
                continue
            try:
                table = load(source, self.children)
            except TableRefused as error:
                if not isinstance(error, Passing):
                    self._tried[source] = look
                if self._told.get(source) != str(error):  # what passes is tried at every look, and told once
                    self._told[source] = str(error)
                    yield Change(source, None, str(error))
                continue
            self._tried[source] = look
            self._told.pop(source, None)
            before = known.get((source.kind, source.name))
            if before is None or before.facts != table.facts:
                yield Change(source, table)

    def merged(self, tables: Tables, changes: list[Change]) -> list[Table]:
        """Return the tables with the changed ones in their places."""
        now = {(table.facts.kind, table.facts.name): table for table in tables.tables}
        for change in changes:
            if change.table is not None:
                now[change.source.kind, change.source.name] = change.table
        keys = [(source.kind, source.name) for source in self._sources]
        return [now[key] for key in keys if key in now]


def refreshed(context: Context, files: Files) -> tuple[Context, list[Change]]:
    """Return the context with what has changed on disk, the same one where nothing has, and the changes."""
    changes = list(files.changes(context.tables))
    if all(change.table is None for change in changes):
        return context, changes
    new = replace(context, tables=Tables(files.merged(context.tables, changes), context.networks))
    new.context_id  # noqa: B018 - worked out here, and not in a batch
    return new, changes


class Watch(Service):
    """Keeps the current context in step with the files. What it does takes no time of the event loop."""

    def __init__(self, settings: Settings, current: Current, pulse: Pulse, metrics: Metrics) -> None:
        super().__init__()
        self._poll_s: Final = settings.tables_poll_s
        self._current: Final = current
        self._pulse: Final = pulse
        self._metrics: Final = metrics
        self._files: Final = Files(settings)
        for table in current.now.context.tables.tables:
            self._shown(table)

    @Service.task
    async def _watch(self) -> None:
        while not self.should_stop:
            await self.sleep(self._poll_s)
            await self.look()

    async def look(self) -> None:
        """Look once, and take over what is new."""
        try:
            before = self._current.now.context
            # Not by a name of ours: what it raises holds this frame, and it what was raised.
            context, changes = await awaited(
                aside(partial(refreshed, before, self._files), "tables"), SLOW_S, self._late
            )
        except Exception as error:  # noqa: BLE001 - no file may stop a worker; the next look tries again
            log.error("tables_not_looked_at", **where(error))
            return
        if context is not before:  # the models may be others by now: only the tables are taken over
            context = self._current.take_tables(context.tables)
            self._pulse.context_id = context.context_id
        for source, table, reason in changes:
            if table is None:
                self._metrics.table_refused(source.label)
                kept = any(t.facts[:2] == source[:2] for t in context.tables.tables)
                meaning = "the last good one stays" if kept else WITHOUT
                log.error("table_refused", table=source.label, reason=reason, meaning=meaning)
            else:
                self._shown(table)
                tell(source, table, context=context.context_id)

    def _late(self) -> None:
        log.error(
            "tables_not_looked_at", reason=f"no answer for {SLOW_S:g} s: see to the file system of the tables"
        )

    def _shown(self, table: Table) -> None:
        facts = table.facts
        self._metrics.table_loaded(label(facts.kind, facts.name), facts.as_of_ms / 1000, facts.entries)

    async def on_stop(self) -> None:
        """End a process that still builds."""
        self._files.children.stop()


def _look(path: Path) -> object:
    """Return what changes when a file does; None: it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
