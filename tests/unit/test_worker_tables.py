"""Hot reload: real files, replaced whole, in place, by halves and by rubbish, while batches go through."""

import asyncio
import io
import os
import sys
import threading
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import orjson
import pytest

from enrich.context import Context
from enrich.errors import TableRefused
from enrich.tables import Tables
from tests.unit import mmdb_writer as mmdb
from tests.unit import tiny
from worker import compose, tables
from worker.current import Current
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.run import following
from worker.settings import Settings
from worker.tables import Children, Source, at_start, load, sources
from worker.tables_watch import Files, Watch, refreshed

GOOD, BETTER = "203.0.113.1 3\n", "203.0.113.1 4\n203.0.113.2\n"
BAD = "<html>502 Bad Gateway</html>\n"


def lines(logged: io.StringIO, event: str) -> list[dict[str, Any]]:
    told = [orjson.loads(line) for line in logged.getvalue().splitlines()]
    return [line for line in told if line["event"] == event]


class Room:
    """A directory with a block list, and what a worker makes of it."""

    def __init__(self, path: Path, **more: Any) -> None:
        self.file = path / "list.txt"
        self.settings = Settings(blocklists=(f"feed={self.file}",), **more)  # type: ignore[arg-type]
        self.files = Files(self.settings)
        self.ticks = 1_000
        self.context: Context = tiny.context()

    def write(self, text: str, whole: bool = True) -> None:
        """As a careful program replaces a file, or as a careless one writes into it."""
        target = self.file.with_suffix(".new") if whole else self.file
        target.write_text(text)
        self.ticks += 1
        os.utime(target, (self.ticks, self.ticks))  # the clock of a file system may stand still for 10 ms
        if whole:
            target.replace(self.file)

    def start(self) -> None:
        self.context = compose.context(self.settings, 1, None)

    def look(self, times: int = 2) -> list[str]:
        """Look so often; return what was refused, and "new" for each table that is."""
        told = []
        for _ in range(times):
            self.context, changes = refreshed(self.context, self.files)
            told += [change.reason or "new" for change in changes]
        return told

    @property
    def entries(self) -> list[int]:
        return [table.facts.entries for table in self.context.tables.tables]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_the_settings_name_the_files_in_one_order() -> None:
    settings = Settings(
        geo_db="g",
        asn_db="a",
        blocklists=("b=x/y", "c = z"),
        assets="s",
        identities="i",  # type: ignore[arg-type]
    )
    assert [(each.label, str(each.path)) for each in sources(settings)] == [
        ("geo", "g"),
        ("asn", "a"),
        ("blocklist:b", "x/y"),
        ("blocklist:c", "z"),
        ("assets", "s"),
        ("identities", "i"),
    ]


@pytest.mark.parametrize("given", [("list.txt",), ("=x",), ("a=",), ("a b=x",), ("a=x", "a=y"), ("é=x",)])
def test_block_lists_without_a_name_of_their_own_are_refused(given: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="name"):
        Settings(blocklists=given)


def test_at_start_a_missing_or_corrupt_file_is_a_warning_and_the_others_are_used(
    tmp_path: Path, logged: io.StringIO
) -> None:
    (tmp_path / "good").write_text(GOOD)
    (tmp_path / "bad").write_text(BAD)
    (tmp_path / "db").write_bytes(mmdb.database({"192.0.2.0/24": mmdb.AUSTRIA})[:-9])
    settings = Settings(
        geo_db=tmp_path / "db",
        assets=tmp_path / "missing",
        blocklists=(f"good={tmp_path / 'good'}", f"bad={tmp_path / 'bad'}", f"dir={tmp_path}"),
    )
    assert [table.facts.name for table in at_start(settings)] == ["good"]
    refused = lines(logged, "table_refused")
    assert [(line["table"], line["level"]) for line in refused] == [
        ("geo", "warning"),
        ("blocklist:bad", "warning"),
        ("blocklist:dir", "warning"),
        ("assets", "warning"),
    ]
    assert all(str(tmp_path) in line["reason"] for line in refused)


def test_a_table_is_as_old_as_its_file(room: Room) -> None:
    room.write(GOOD)
    room.start()
    assert room.context.tables.tables[0].facts.as_of_ms == room.ticks * 1000


@pytest.mark.parametrize("whole", [True, False], ids=["replaced", "in place"])
def test_a_changed_file_is_taken_over_when_it_has_settled(room: Room, whole: bool) -> None:
    room.write(GOOD)
    room.start()
    before = room.context.context_id
    assert room.look(3) == []
    room.write(BETTER, whole)
    assert (room.look(1), room.entries) == ([], [1])
    assert (room.look(1), room.entries) == (["new"], [2])
    assert room.context.context_id != before
    assert room.look(3) == []


def test_a_file_that_is_still_written_is_left_alone(room: Room) -> None:
    room.write(GOOD)
    room.start()
    for n in range(5):
        room.write(GOOD + "203.0.113.7\n" * n, whole=False)
        assert room.look(1) == []
    assert room.look(1) == ["new"]


def test_a_corrupt_file_keeps_the_last_good_table_and_is_told_once(room: Room) -> None:
    room.write(GOOD)
    room.start()
    before = room.context
    room.write(BAD)
    (reason,) = room.look(5)
    assert reason.startswith(f"{room.file}: line 1: '<html>502'")
    assert room.context is before
    room.write(BETTER[:17], whole=False)  # the beginning of the next
    assert "line 2: '203' is no address" in room.look(5)[0]
    assert room.context is before
    room.write(BETTER)
    assert (room.look(), room.entries) == (["new"], [2])


def test_a_file_that_goes_away_and_comes_back(room: Room) -> None:
    room.write(GOOD)
    room.start()
    room.file.unlink()
    assert room.look(4) == [f"{room.file}: No such file or directory"]
    assert room.entries == [1]
    room.write(BETTER)
    assert (room.look(), room.entries) == (["new"], [2])


def test_a_file_that_comes_after_the_start_is_taken(room: Room) -> None:
    room.start()
    assert room.entries == []
    room.look()
    room.write(GOOD)
    assert (room.look(), room.entries) == (["new"], [1])


def test_the_same_bytes_at_the_same_time_are_no_change(room: Room) -> None:
    room.write(GOOD)
    room.start()
    room.look()
    room.ticks -= 1
    room.write(GOOD)
    assert room.look(3) == []


def test_tables_stay_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "b").write_text(GOOD)
    settings = Settings(blocklists=(f"a={tmp_path / 'a'}", f"b={tmp_path / 'b'}"), assets=tmp_path / "assets")
    files, context = Files(settings), compose.context(settings, 1, None)
    refreshed(context, files)
    (tmp_path / "a").write_text(GOOD)
    (tmp_path / "assets").write_text("host\nx\n")
    for _ in range(3):
        context, _ = refreshed(context, files)
    assert [table.facts.name for table in context.tables.tables] == ["a", "b", "assets"]
    assert context.context_id == compose.context(settings, 1, None).context_id


def test_the_next_batch_has_the_new_table_and_the_running_one_the_old(room: Room) -> None:
    room.write(GOOD)
    room.start()
    current = Current(room.context)
    core = following(current)
    old, new = room.context.context_id, ""
    events = []
    for n in range(2):
        outputs = core(tiny.records([tiny.suricata(n)], first=n), {}).outputs
        events.append(orjson.loads(outputs[0][0].value)["unmapped"]["millrace"])
        if n == 0:
            room.write(BETTER)
            room.look()
            current.take_tables(room.context.tables)
            new = room.context.context_id
    assert [event["context_id"] for event in events] == [old, new]
    assert [[each["value"].get("listings") for each in event["tables"]] for event in events] == [[3], [None]]


def test_a_watch_takes_over_what_is_new_and_counts_what_is_not(room: Room, logged: io.StringIO) -> None:
    room.write(GOOD)
    room.start()
    pulse = Pulse("b", room.context.context_id)
    metrics, current = Metrics(pulse), Current(room.context)
    watch = Watch(room.settings, current, pulse, metrics)

    async def work() -> None:
        for text in (BETTER, BAD):
            room.write(text)
            for _ in range(3):
                await watch.look()

    asyncio.run(work())
    assert pulse.context_id == current.now.context.context_id != room.context.context_id
    exported = metrics.text().decode()
    assert 'millrace_table_loads_total{result="loaded",table="blocklist:feed"} 2.0' in exported
    assert 'millrace_table_loads_total{result="refused",table="blocklist:feed"} 1.0' in exported
    assert 'millrace_table_entries{table="blocklist:feed"} 2.0' in exported
    (refused,) = lines(logged, "table_refused")
    assert (refused["level"], refused["meaning"]) == ("error", "the last good one stays")
    assert lines(logged, "table")[-1]["context"] == pulse.context_id


def large(path: Path, count: int = 30_000) -> Source:
    path.write_text("".join(f"203.0.{n >> 8 & 255}.{n & 255}/32 {n}\n" for n in range(count)))
    assert path.stat().st_size >= tables.SMALL
    return Source("blocklist", "large", path)


def test_a_large_file_is_built_by_another_process_to_the_same_table(tmp_path: Path) -> None:
    source = large(tmp_path / "large")
    apart = load(source)
    here = tables.read(source.kind, source.name, source.path)
    assert apart.facts == here._replace(packed=b"")
    assert Tables((apart,)).digest == Tables((type(apart)(here),)).digest


def test_what_another_process_refuses_is_told_as_here(tmp_path: Path) -> None:
    source = large(tmp_path / "large")
    source.path.write_text("\n".join("no address" for _ in range(40_000)))
    with pytest.raises(TableRefused, match=r"large: line 1: 'no' is no address") as raised:
        load(source)
    assert "\n" not in str(raised.value)


def test_a_process_that_dies_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(TableRefused, match="ended with 1"):
        load(large(tmp_path / "large"))


def test_a_process_that_still_builds_can_be_ended(tmp_path: Path) -> None:
    children, source = Children(), large(tmp_path / "large", 400_000)
    told: list[str] = []

    def build() -> None:
        try:
            load(source, children)
        except TableRefused as error:
            told.append(str(error))

    thread = threading.Thread(target=build)
    thread.start()
    deadline = monotonic() + 10
    while children._running is None and monotonic() < deadline:
        sleep(0.005)
    children.stop()
    thread.join(10)
    assert "ended with -9" in told[0]


def test_a_watch_that_runs_takes_over_a_change_and_ends_when_it_is_told(tmp_path: Path) -> None:
    room = Room(tmp_path, tables_poll_s=0.01)
    room.write(GOOD)
    room.start()
    pulse, current = Pulse("b", room.context.context_id), Current(room.context)
    watch = Watch(room.settings, current, pulse, Metrics(pulse))

    async def work() -> None:
        await watch.start()
        room.write(BETTER)
        async with asyncio.timeout(20):
            while current.now.context is room.context:
                await asyncio.sleep(0.01)
        await watch.stop()

    asyncio.run(work())
    assert current.now.context.tables.tables[0].facts.entries == 2
