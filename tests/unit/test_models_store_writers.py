"""Several writers at once, writers that are killed, and disks that are full: the store stays whole."""

import fcntl
import os
import random
import signal
import time
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from models.blobs import Directory
from models.bundle import verified
from models.files import STAGING, locked
from models.records import PROMOTIONS
from tests.unit.models_fixture import House, house
from tests.unit.models_writers import (
    CONTEXT,
    add_and_promote_for_ever,
    add_each,
    hold_the_lock,
    lock_as,
    promote_often,
    write_within,
)

WRITERS = 3
EACH = 8
KILLS = 30
NOBODY = 65_534


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


def staged(mine: House) -> list[Path]:
    return list(mine.store.directory.rglob(f"{STAGING}*"))


def test_promotions_of_several_processes_are_all_kept_in_one_row(mine: House) -> None:
    other = mine.another(2)
    writers = [
        CONTEXT.Process(
            target=promote_often, args=(mine.root, (mine.bundle.name, other)[i % 2], f"writer {i}", EACH)
        )
        for i in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    records = [each.promotion for each in reversed(mine.store.history(mine.trusted())) if each.promotion]
    assert [record.sequence for record in records] == list(range(1, WRITERS * EACH + 1))
    # Each names the one below it: no writer overtook another between looking and writing.
    assert [record.previous for record in records] == [None, *(record.bundle_id for record in records[:-1])]
    assert {(record.who, record.why) for record in records} == {
        (f"writer {i}", str(j)) for i in range(WRITERS) for j in range(EACH)
    }


def test_a_reader_sees_the_sequence_grow_while_several_write(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    writers = [
        CONTEXT.Process(target=promote_often, args=(mine.root, mine.bundle.name, f"writer {i}", EACH))
        for i in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    trusted, seen = mine.trusted(), [0]
    while any(writer.is_alive() for writer in writers):
        # Raises if a record is ever seen half written.
        seen.append(mine.store.current(trusted, at_least=seen[-1]).sequence)
    for writer in writers:
        writer.join(60)
    assert (seen == sorted(seen), mine.store.current(trusted).sequence) == (True, WRITERS * EACH + 1)


def test_bundles_added_by_several_processes_at_once_are_all_whole(mine: House) -> None:
    # Of 5, 6 and 7 every writer has one of its own, and the rest are the same for all.
    writers = [
        CONTEXT.Process(target=add_each, args=(mine.root, [1, 2, 5 + i, 3, 4])) for i in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    here, trusted = mine.store.list(), mine.trusted()
    assert set(here) == {mine.bundle.name, *(mine.another(seed) for seed in range(1, 5 + WRITERS))}
    for bundle_id in here:
        assert mine.promoted(bundle_id).bundle_id == mine.store.load(trusted).bundle_id


def test_a_name_that_is_taken_is_not_written_again(tmp_path: Path) -> None:
    blobs = Directory(tmp_path / "blobs")
    assert (blobs.put("a", b"first"), blobs.put("a", b"second"), blobs.read("a", 10)) == (
        True,
        False,
        b"first",
    )
    assert sorted(path.name for path in (tmp_path / "blobs").iterdir()) == ["a"]


def test_a_name_that_is_taken_by_this_very_content_counts_as_written(tmp_path: Path) -> None:
    # What NFS may answer to a link that was made when its first reply was lost.
    blobs = Directory(tmp_path / "blobs")
    assert (blobs.put("a", b"mine"), blobs.put("a", b"mine"), blobs.put("a", b"min")) == (True, True, False)
    assert sorted(path.name for path in (tmp_path / "blobs").iterdir()) == ["a"]


def test_a_writer_whose_lock_holds_nobody_off_writes_its_own_record(tmp_path: Path) -> None:
    blobs = Directory(tmp_path / "blobs")
    blobs.put("a", b"first")
    others = tmp_path / "blobs" / f"{STAGING}b"
    others.write_bytes(b"of a writer on another machine, at work")
    assert (blobs.put("b", b"mine"), blobs.read("b", 10), others.exists()) == (True, b"mine", True)


def test_the_lock_is_opened_for_writing_as_nfs_asks(tmp_path: Path) -> None:
    with locked(tmp_path):
        open_for_write = [
            each
            for each in Path("/proc/self/fd").iterdir()
            if each.resolve() == (tmp_path / ".lock").resolve()
            and fcntl.fcntl(int(each.name), fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDWR
        ]
    assert len(open_for_write) == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another account")
def test_a_fifo_in_place_of_the_lock_keeps_nobody_waiting() -> None:
    with TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        os.mkfifo(directory / ".lock", 0o644)
        told, said = CONTEXT.Pipe(duplex=False)
        writer = CONTEXT.Process(target=lock_as, args=(NOBODY, directory, said))
        writer.start()
        try:
            assert told.poll(60)
            assert told.recv() == "locked"
        finally:
            writer.kill()
            writer.join()


def test_writers_killed_at_any_moment_leave_the_champion_in_force(mine: House) -> None:
    chance, trusted, left, written = random.Random(6), mine.trusted(), 0, 0
    began = time.monotonic()
    last = mine.promoted(mine.another(1)).sequence
    once_s = time.monotonic() - began
    for kill in range(KILLS):
        ready, told = CONTEXT.Event(), RawValue("i", 0)
        args = (mine.root, 1000 * kill, ready, told)
        writer = CONTEXT.Process(target=add_and_promote_for_ever, args=args)
        writer.start()
        assert ready.wait(60)
        deadline = time.monotonic() + 60
        while kill % 2 and not told.value and time.monotonic() < deadline:
            writer.join(once_s / 10)  # every second one is let through once
        writer.join(chance.uniform(0, 1.5 * once_s))
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join(60)
        left += bool(staged(mine))
        written += bool(told.value)
        # Nothing that was said to be written is lost, and what is in force loads.
        record = mine.store.current(trusted, at_least=max(last, told.value))
        assert mine.store.load(trusted).bundle_id == record.bundle_id
        last = record.sequence
    assert all(each.problem is None for each in mine.store.history(trusted))
    for each in staged(mine):
        os.utime(each, (0, 0))
    assert all(verified(mine.store.path(each), trusted) for each in mine.store.list())
    mine.promoted(mine.another(999_999))
    # Some were killed at work, some had written; the next writer has cleaned up after all of them.
    assert (left > 0, written > 0, staged(mine)) == (True, True, [])


def test_a_writer_killed_with_the_lock_in_hand_holds_up_nobody(mine: House) -> None:
    for directory in (mine.store.directory, mine.store.directory / PROMOTIONS):
        directory.mkdir(exist_ok=True)
        held = CONTEXT.Event()
        writer = CONTEXT.Process(target=hold_the_lock, args=(directory, held))
        writer.start()
        assert held.wait(60)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join(60)
    assert mine.promoted(mine.another(2)).sequence == 1


@pytest.mark.parametrize(
    ("what", "limit"), [("add", 0), ("add", 100), ("add", 20_000), ("promote", 0), ("promote", 100)]
)
def test_a_disk_that_is_full_leaves_the_champion_in_force_and_nothing_else(
    mine: House, what: str, limit: int
) -> None:
    before = mine.promoted(mine.bundle.name)
    held = sorted(mine.store.directory.rglob("*"))
    here, there = CONTEXT.Pipe()
    writer = CONTEXT.Process(target=write_within, args=(mine.root, limit, what, there))
    writer.start()
    assert here.poll(60)
    said = here.recv()
    writer.join(60)
    assert ("SettingsWrong: " in said, "cannot be written (file too large)" in said, "\n" in said) == (
        True,
        True,
        False,
    )
    assert sorted(mine.store.directory.rglob("*")) == held
    assert mine.store.current(mine.trusted()) == before
    assert mine.store.load(mine.trusted()).bundle_id == mine.bundle.name
