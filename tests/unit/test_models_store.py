"""The store: which bundle is in force, said once and for all writers, and nothing half-written seen."""

import multiprocessing
import os
import signal
from dataclasses import replace
from datetime import datetime
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from enrich.errors import BundleRefused, SettingsWrong
from models import Promotion, Store
from models.store import PROMOTION
from tests.unit import tiny
from tests.unit.models_fixture import AT, FACTS, House, house

WRITERS = 3
EACH = 8


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


def promoted(mine: House) -> Promotion:
    return mine.store.promote(mine.bundle.name, "kim", "first", AT)


def second(mine: House) -> str:
    return mine.store.add(replace(tiny.models(), label_source="other"), FACTS, mine.key)


def test_an_empty_store_says_how_to_make_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="millrace train --bootstrap"):
        Store(tmp_path / "bundles").current()


def test_a_store_without_promotion_says_how_many_bundles_wait(mine: House) -> None:
    with pytest.raises(BundleRefused, match="1 there, none promoted"):
        mine.store.current()


def test_a_missing_directory_holds_no_bundles(tmp_path: Path) -> None:
    assert Store(tmp_path / "bundles").list() == ()


def test_what_is_promoted_is_in_force(mine: House) -> None:
    promotion = promoted(mine)
    assert (
        mine.store.current()
        == promotion
        == Promotion(sequence=1, bundle_id=mine.bundle.name, previous=None, who="kim", why="first", at=AT)
    )


def test_a_rollback_is_a_later_promotion_of_the_bundle_before(mine: House) -> None:
    promoted(mine)
    mine.store.promote(second(mine), "kim", "better", AT)
    mine.store.promote(mine.bundle.name, "lee", "worse", AT)
    current = mine.store.current()
    assert (current.sequence, current.bundle_id, current.previous) == (3, mine.bundle.name, second(mine))


def test_the_promoted_bundle_is_the_one_that_loads(mine: House) -> None:
    promoted(mine)
    other = second(mine)
    mine.store.promote(other, "kim", "better", AT)
    assert mine.store.load(mine.trusted()).bundle_id == other


@pytest.mark.parametrize("bundle_id", ["0" * 16, "..", "", "../keys", ".lock", "x\n"])
def test_a_bundle_that_is_not_here_is_not_promoted(mine: House, bundle_id: str) -> None:
    with pytest.raises(BundleRefused, match="is not in"):
        mine.store.promote(bundle_id, "kim", "why", AT)


@pytest.mark.parametrize(
    ("who", "why", "at"), [("", "why", AT), ("kim", "", AT), ("kim", "why", AT.replace(tzinfo=None))]
)
def test_a_promotion_needs_a_name_a_reason_and_a_time_with_its_zone(
    mine: House, who: str, why: str, at: datetime
) -> None:
    with pytest.raises(SettingsWrong, match=mine.bundle.name):
        mine.store.promote(mine.bundle.name, who, why, at)


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b"\xff", b"x" * 70_000])
def test_a_spoilt_promotion_is_named(mine: House, content: bytes) -> None:
    promoted(mine)
    (mine.store.directory / PROMOTION).write_bytes(content)
    with pytest.raises(BundleRefused, match=PROMOTION):
        mine.store.current()


def test_a_promotion_with_an_unknown_field_is_refused(mine: House) -> None:
    promoted(mine)
    path = mine.store.directory / PROMOTION
    path.write_bytes(path.read_bytes().replace(b"{", b'{"further": 1,', 1))
    with pytest.raises(BundleRefused, match="further"):
        mine.store.current()


def test_a_link_in_place_of_the_promotion_is_refused(mine: House) -> None:
    promoted(mine)
    path = mine.store.directory / PROMOTION
    path.rename(mine.root / PROMOTION)
    path.symlink_to(mine.root / PROMOTION)
    with pytest.raises(BundleRefused, match="symbolic link"):
        mine.store.current()


def test_a_promoted_bundle_that_is_gone_is_named(mine: House) -> None:
    promoted(mine)
    mine.bundle.rename(mine.root / "elsewhere")
    with pytest.raises(BundleRefused, match=mine.bundle.name):
        mine.store.load(mine.trusted())


def test_what_a_killed_writer_left_is_no_bundle(mine: House) -> None:
    _leave_staged(mine)
    assert mine.store.list() == (mine.bundle.name,)


def test_what_a_killed_writer_left_does_not_stop_the_next(mine: House) -> None:
    _leave_staged(mine)
    other = second(mine)
    names = {path.name for path in mine.store.directory.iterdir()}
    assert names == {".lock", mine.bundle.name, other}


def test_a_promotion_half_written_by_a_killed_writer_is_not_seen(mine: House) -> None:
    promotion = promoted(mine)
    (mine.store.directory / f".staging-{PROMOTION}").write_bytes(b'{"sequence": 2, "bun')
    assert mine.store.current() == promotion


def test_writing_a_bundle_again_changes_nothing(mine: House) -> None:
    before = {path: path.stat().st_mtime_ns for path in mine.bundle.iterdir()}
    mine.store.add(tiny.models(), FACTS, mine.key)
    assert {path: path.stat().st_mtime_ns for path in mine.bundle.iterdir()} == before


def test_writing_a_bundle_again_over_a_damaged_one_says_so(mine: House) -> None:
    (mine.bundle / "severity.joblib").write_bytes(b"damaged")
    with pytest.raises(BundleRefused, match="damaged, or signed by another key: remove"):
        mine.store.add(tiny.models(), FACTS, mine.key)


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path, mine: House) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsWrong, match="cannot be written"):
        Store(tmp_path / "file" / "bundles").add(tiny.models(), FACTS, mine.key)


def test_promotions_of_several_processes_are_all_counted(mine: House) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=_promote_often, args=(mine.store.directory, mine.bundle.name, f"writer {i}"))
        for i in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert ([w.exitcode for w in writers], mine.store.current().sequence) == ([0] * WRITERS, WRITERS * EACH)


def test_a_writer_killed_with_the_lock_in_hand_holds_up_nobody(mine: House) -> None:
    spawn = multiprocessing.get_context("spawn")
    held = spawn.Event()
    writer = spawn.Process(target=_hold_the_lock, args=(mine.store.directory, held))
    writer.start()
    assert held.wait(60)
    os.kill(writer.pid or 0, signal.SIGKILL)
    writer.join(60)
    assert promoted(mine).sequence == 1


def _leave_staged(mine: House) -> None:
    staged = mine.store.directory / f".staging-{'a' * 16}"
    staged.mkdir()
    (staged / "severity.joblib").write_bytes(b"half a fil")


def _promote_often(directory: Path, bundle_id: str, who: str) -> None:
    for i in range(EACH):
        Store(directory).promote(bundle_id, who, str(i), AT)


def _hold_the_lock(directory: Path, held: Event) -> None:
    from models.files import locked

    with locked(directory):
        held.set()
        signal.pause()
