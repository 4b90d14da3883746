"""Whoever can write to the directory of bundles, and has no key, stops promotions at most, and no worker."""

import os
import re
import shutil
from pathlib import Path

import pytest

from enrich.errors import BundleRefused, SettingsWrong
from models.files import locked
from models.promotion import record_name
from models.records import PROMOTIONS
from models.signature import SIGNATURE_SIZE, signature_line
from tests.unit.models_fixture import House, house, refusal


@pytest.fixture
def mine(tmp_path: Path) -> House:
    made = house(tmp_path / "state")
    made.promoted(made.bundle.name)
    return made


def place(mine: House, sequence: int) -> Path:
    return mine.store.directory / PROMOTIONS / record_name(sequence)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("what", ["directory", "fifo", "link", "large"])
def test_what_is_put_in_place_of_a_file_uses_up_no_descriptor(mine: House, what: str) -> None:
    # A worker looks again whenever something changes: one lost each time would be the end of its sockets.
    for path in (place(mine, 2), mine.bundle / "manifest.json"):
        path.unlink(missing_ok=True)
        if what == "directory":
            path.mkdir()
        elif what == "fifo":
            os.mkfifo(path)
        elif what == "link":
            path.symlink_to("/etc/hostname")
        else:
            path.touch()
            os.truncate(path, 1 << 40)
    before = descriptors()
    for _ in range(5):
        assert str(place(mine, 2)) in mine.refused()
        assert str(mine.bundle / "manifest.json") in refusal(mine.bundle, mine.trusted())
    assert descriptors() == before


def test_names_that_are_no_text_are_no_records_and_are_told_in_one_plain_line(mine: House) -> None:
    odd = b"\xff\n\x1b[31m.json"
    for directory in (mine.store.directory, mine.store.directory / PROMOTIONS):
        (Path(os.fsdecode(os.fsencode(directory) + b"/" + odd))).touch()
    assert (mine.current().sequence, mine.store.list()) == (1, (mine.bundle.name,))
    Path(os.fsdecode(os.fsencode(mine.bundle) + b"/" + odd)).touch()
    said = refusal(mine.bundle, mine.trusted())
    assert ("does not belong to it" in said, said.isprintable(), said.encode("ascii") != b"") == (True,) * 3


@pytest.mark.parametrize(
    "number", [b"9223372036854775808", b"18446744073709551616", b"1" + b"0" * 400, b"1e2"]
)
def test_a_number_that_no_record_can_have_is_refused_although_it_is_signed(
    mine: House, number: bytes
) -> None:
    body = re.sub(rb'"sequence":1\b', b'"sequence":' + number, place(mine, 1).read_bytes()[SIGNATURE_SIZE:])
    place(mine, 2).write_bytes(signature_line(mine.key, body) + body)
    assert str(place(mine, 2)) in mine.refused()


def test_a_record_under_a_name_of_more_digits_is_none(mine: House) -> None:
    shutil.copy(place(mine, 1), place(mine, 1).with_name(f"{2**63}.json"))
    shutil.copy(place(mine, 1), place(mine, 1).with_name("00000000001.json"))
    assert mine.current().sequence == 1


def test_a_bundle_directory_that_is_a_link_to_another_is_refused(mine: House) -> None:
    moved = mine.bundle.rename(mine.root / mine.bundle.name)
    mine.bundle.symlink_to(moved)
    with pytest.raises(BundleRefused, match="symbolic link"):
        mine.store.load(mine.trusted())


def test_files_that_are_swapped_after_the_check_are_not_what_is_opened(mine: House) -> None:
    from models.bundle import opened

    proved = mine.store.verified(mine.current(), mine.trusted())
    for file in mine.bundle.iterdir():
        file.write_bytes(b"cos\nsystem\n(S'touch /tmp/x'\ntR.")
    assert opened(proved, mine.bundle).bundle_id == mine.bundle.name


def test_a_lock_that_another_process_keeps_ends_in_one_line(mine: House) -> None:
    records = mine.store.directory / PROMOTIONS
    said = re.escape(str(records / ".lock"))
    with (
        locked(records),
        pytest.raises(SettingsWrong, match=rf"{said}: another process has held it for 0\.1 s"),
        locked(records, wait_s=0.1),
    ):
        pass
    with locked(records, wait_s=0.1):  # it is free again
        pass


@pytest.mark.parametrize("what", ["directory", "link"])
def test_what_cannot_be_the_lock_is_named(mine: House, what: str) -> None:
    lock = mine.store.directory / PROMOTIONS / ".lock"
    lock.unlink()
    if what == "directory":
        lock.mkdir()
    else:
        lock.symlink_to(mine.root / "elsewhere")
    with pytest.raises(SettingsWrong, match=re.escape(str(lock))):
        mine.promoted(mine.bundle.name)
    assert not (mine.root / "elsewhere").exists()


def test_a_fifo_in_place_of_the_lock_holds_up_nobody(mine: House) -> None:
    lock = mine.store.directory / PROMOTIONS / ".lock"
    lock.unlink()
    os.mkfifo(lock)
    assert mine.promoted(mine.bundle.name).sequence == 2
