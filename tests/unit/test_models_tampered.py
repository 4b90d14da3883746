"""Whatever is not byte for byte what a trusted key signed is refused, and before anything opens it."""

import ctypes
import io
import os
import shutil
import stat
import threading
import time
import tracemalloc
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from enrich.errors import BundleRefused
from models import bundle, load, new_key
from models.bundle import MANIFEST, SIGNATURE
from models.keys import distrust
from models.manifest import BUNDLE_LIMIT, FILE_LIMIT
from models.parts import FILES
from models.sound import ANOMALY, REFERENCE, SEVERITY
from tests.unit import tiny
from tests.unit.models_fixture import FACTS, House, house, refusal, signed_again, with_file

EVERY_FILE = (MANIFEST, SIGNATURE, *FILES)


class Trap:
    """A pickle of this makes a file as soon as anybody opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


@pytest.mark.parametrize("position", [0, 1, 0.25, 0.5, 0.75, -2, -1])
@pytest.mark.parametrize("name", EVERY_FILE)
def test_one_changed_byte_is_refused(mine: House, name: str, position: float) -> None:
    content = bytearray((mine.bundle / name).read_bytes())
    at = int(position * len(content)) if isinstance(position, float) else position
    content[at] ^= 1
    (mine.bundle / name).write_bytes(content)
    assert str(mine.bundle) in refusal(mine.bundle, mine.trusted())


def test_no_change_of_a_bit_of_the_signature_file_is_accepted(mine: House) -> None:
    content = (mine.bundle / SIGNATURE).read_bytes()
    accepted = []
    for at in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[at] ^= 1 << bit
            (mine.bundle / SIGNATURE).write_bytes(changed)
            try:
                bundle.verified(mine.bundle, mine.trusted())
            except BundleRefused:
                continue
            accepted.append((at, bit))
    assert accepted == []


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"\n"])
@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_byte_more_or_less_is_refused(mine: House, name: str, change: Any) -> None:
    (mine.bundle / name).write_bytes(change((mine.bundle / name).read_bytes()))
    assert str(mine.bundle) in refusal(mine.bundle, mine.trusted())


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_missing_file_is_named(mine: House, name: str) -> None:
    (mine.bundle / name).unlink()
    assert f"{name}: is missing" in refusal(mine.bundle, mine.trusted())


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_link_in_place_of_a_file_is_named(mine: House, name: str) -> None:
    (mine.bundle / name).rename(mine.root / name)
    (mine.bundle / name).symlink_to(mine.root / name)
    assert f"{name}: is a symbolic link" in refusal(mine.bundle, mine.trusted())


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_fifo_in_place_of_a_file_does_not_block(mine: House, name: str) -> None:
    (mine.bundle / name).unlink()
    os.mkfifo(mine.bundle / name)
    assert f"{name}: is not a regular file" in refusal(mine.bundle, mine.trusted())


def test_a_file_too_many_is_named(mine: House) -> None:
    (mine.bundle / "note\u202e.txt").touch()
    assert r"'note\u202e.txt' does not belong to it" in refusal(mine.bundle, mine.trusted())


def test_a_missing_bundle_is_named(mine: House) -> None:
    assert "is missing" in refusal(mine.bundle.with_name("0" * 16), mine.trusted())


def test_a_link_in_place_of_the_bundle_is_refused(mine: House) -> None:
    mine.bundle.rename(mine.root / "elsewhere")
    mine.bundle.symlink_to(mine.root / "elsewhere")
    assert "symbolic link" in refusal(mine.bundle, mine.trusted())


def test_a_bundle_under_the_id_of_another_is_refused(mine: House) -> None:
    assert "holds bundle" in refusal(mine.bundle.rename(mine.bundle.with_name("0" * 16)), mine.trusted())


def test_a_bundle_of_an_unknown_key_is_refused(mine: House) -> None:
    distrust(mine.trust, mine.key.key_id)
    assert f"key {mine.key.key_id}, which is not trusted here" in refusal(mine.bundle, mine.trusted())


def test_a_signature_under_the_id_of_a_trusted_key_by_another_is_refused(mine: House) -> None:
    other = new_key(mine.root / "theirs", mine.root / "nobody", comment="theirs")
    signature = other.sign((mine.bundle / MANIFEST).read_bytes()).hex()
    doc = f'{{"key_id":"{mine.key.key_id}","signature":"{signature}"}}\n'
    (mine.bundle / SIGNATURE).write_text(doc)
    assert "does not match its signature" in refusal(mine.bundle, mine.trusted())


@pytest.mark.parametrize(("by_trust", "by_argument"), [(True, False), (False, True), (True, True)])
def test_in_production_a_bootstrap_key_is_refused(mine: House, by_trust: bool, by_argument: bool) -> None:
    assert "production" in refusal(mine.bundle, mine.trusted(by_trust), by_argument)


def test_in_production_a_bootstrap_bundle_of_a_better_key_is_refused(tmp_path: Path) -> None:
    mine = house(tmp_path, bootstrap=False)
    assert "a bootstrap bundle, refused" in refusal(mine.bundle, mine.trusted(), True)


def test_in_production_a_trained_bundle_of_a_team_key_loads(tmp_path: Path) -> None:
    mine = house(tmp_path, bootstrap=False)
    trained = mine.store.add(replace(tiny.models(), bootstrap=False), FACTS, mine.key)
    assert load(mine.store.path(trained), mine.trusted(True), True).bundle_id == trained


def test_a_trap_in_a_model_file_is_never_opened(mine: House) -> None:
    (mine.bundle / SEVERITY).write_bytes(dumped(Trap(mine.root / "sprung")))
    refusal(mine.bundle, mine.trusted())
    assert not (mine.root / "sprung").exists()


def test_a_trap_with_a_manifest_to_match_but_signed_by_a_stranger_is_never_opened(mine: House) -> None:
    stranger = new_key(mine.root / "theirs", mine.root / "nobody", comment="theirs")
    trap = dumped(Trap(mine.root / "sprung"))
    place = with_file(replace(mine, key=stranger), SEVERITY, trap)
    refusal(place, mine.trusted())
    assert not (mine.root / "sprung").exists()


def test_the_trap_would_spring_if_a_trusted_key_had_signed_it(mine: House) -> None:
    # This is what the two tests above rest on: the trap works, and only the signature keeps it shut.
    trap = dumped(Trap(mine.root / "sprung"))
    refusal(with_file(mine, SEVERITY, trap), mine.trusted())
    assert (mine.root / "sprung").exists()


def test_a_file_exchanged_after_it_was_verified_is_not_opened(mine: House) -> None:
    proved = bundle.verified(mine.bundle, mine.trusted())
    (mine.bundle / SEVERITY).write_bytes(dumped(Trap(mine.root / "sprung")))
    loaded = bundle.opened(proved, mine.bundle)
    assert (loaded.bundle_id, (mine.root / "sprung").exists()) == (mine.bundle.name, False)


def test_an_array_file_with_a_pickle_in_it_is_refused(mine: House) -> None:
    file = io.BytesIO()
    np.savez(file, calibration_x=np.array([Trap(mine.root / "sprung")], dtype=object))
    refusal(with_file(mine, REFERENCE, file.getvalue()), mine.trusted())
    assert not (mine.root / "sprung").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../x.joblib",
        "/etc/passwd",
        "a/b.npz",
        "..",
        "x.joblib\n",
        "x.joblib\0",
        "\0",
        ".hidden",
        "X.joblib",
        "",
    ],
)
def test_a_path_in_place_of_a_file_name_is_refused(mine: House, name: str) -> None:
    facts = {"sha256": "0" * 64, "size": 1}
    place = signed_again(mine, lambda doc: doc["files"].update({name: facts}))
    assert f"{MANIFEST}: 'files." in refusal(place, mine.trusted())


def test_a_manifest_without_one_of_the_files_is_refused(mine: House) -> None:
    place = signed_again(mine, lambda doc: doc["files"].pop(ANOMALY))
    assert "lists" in refusal(place, mine.trusted())


@pytest.mark.parametrize("size", [FILE_LIMIT + 1, 2 << 30, 1 << 70, -1, 0])
def test_a_declared_size_out_of_bounds_is_refused(mine: House, size: int) -> None:
    place = signed_again(mine, lambda doc: doc["files"][SEVERITY].update(size=min(size, (1 << 64) - 1)))
    assert f"'files.{SEVERITY}.size'" in refusal(place, mine.trusted())


def test_files_that_are_too_large_only_together_are_refused(mine: House) -> None:
    def grown(doc: dict[str, Any]) -> None:
        for facts in doc["files"].values():
            facts["size"] = FILE_LIMIT

    said = refusal(signed_again(mine, grown), mine.trusted())
    assert f"{len(FILES) * FILE_LIMIT} bytes together, more than {BUNDLE_LIMIT}" in said


def test_a_manifest_that_does_not_say_what_it_is_is_none(mine: House) -> None:
    place = signed_again(mine, lambda doc: doc.pop("format"))
    assert f"{MANIFEST}: 'format'" in refusal(place, mine.trusted())


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_device_in_place_of_a_file_is_not_read(mine: House, name: str) -> None:
    (mine.bundle / name).unlink()
    try:
        os.mknod(mine.bundle / name, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero: has no end
    except PermissionError:
        pytest.skip("only root makes devices")
    assert f"{name}: " in refusal(mine.bundle, mine.trusted())


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_second_name_of_the_same_file_changes_nothing(mine: House, name: str) -> None:
    os.link(mine.bundle / name, mine.root / "elsewhere")
    assert load(mine.bundle, mine.trusted()).bundle_id == mine.bundle.name


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_file_that_has_grown_to_gigabytes_is_refused_unread(mine: House, name: str) -> None:
    os.truncate(mine.bundle / name, 1 << 36)  # sparse: takes no room on the disk
    assert "is 68719476736 bytes long" in refusal(mine.bundle, mine.trusted())


def test_directories_exchanged_during_the_check_give_the_signed_bundle_or_a_refusal(mine: House) -> None:
    # The twin is the signed bundle but for a trap in one file; both stand under the bundle's name in turn.
    twin = mine.root / "twin" / mine.bundle.name
    shutil.copytree(mine.bundle, twin)
    (twin / SEVERITY).write_bytes(dumped(Trap(mine.root / "sprung")))
    over = threading.Event()
    exchanger = threading.Thread(target=_exchange_until, args=(mine.bundle, twin, over))
    exchanger.start()
    outcomes: Counter[str] = Counter()
    deadline = time.monotonic() + 60
    try:
        while min(outcomes["good"], outcomes["refused"]) < 25 and time.monotonic() < deadline:
            try:
                outcomes[
                    "good" if load(mine.bundle, mine.trusted()).bundle_id == mine.bundle.name else "wrong"
                ] += 1
            except BundleRefused as error:
                outcomes["refused"] += "was changed after it was signed" in str(error) or "bytes" in str(
                    error
                )
    finally:
        over.set()
        exchanger.join()
    assert (min(outcomes["good"], outcomes["refused"]) >= 25, outcomes["wrong"]) == (True, 0)
    assert not (mine.root / "sprung").exists()


@pytest.mark.parametrize("values", [np.zeros(1 << 24), np.zeros((1 << 12, 1 << 12))], ids=["flat", "square"])
def test_a_zip_bomb_that_a_trusted_key_has_signed_is_refused_in_little_memory(
    mine: House, values: np.ndarray[Any, Any]
) -> None:
    file = io.BytesIO()
    np.savez_compressed(file, anomaly_reference=values)
    assert len(file.getvalue()) < values.nbytes / 500
    place = with_file(mine, REFERENCE, file.getvalue())
    said, peak = _refused_within(place, mine)
    assert (f"{REFERENCE}: its arrays are larger than the file" in said, peak < values.nbytes / 4) == (
        True,
        True,
    )


@pytest.mark.parametrize("shape", [(1 << 40,), (1 << 31, 1 << 31), (1 << 62, 8), (7,)], ids=str)
def test_an_array_that_claims_more_than_it_holds_is_refused_in_little_memory(
    mine: House, shape: tuple[int, ...]
) -> None:
    said, peak = _refused_within(with_file(mine, REFERENCE, _claiming(shape)), mine)
    assert ("'x.npy' claims" in said, peak < 1 << 26) == (True, True)


def test_an_array_of_something_else_than_numbers_is_refused(mine: House) -> None:
    file = io.BytesIO()
    np.savez(file, x=np.array(["text"]))
    assert "holds <U4, not numbers" in refusal(with_file(mine, REFERENCE, file.getvalue()), mine.trusted())


def test_an_archive_that_is_none_is_refused(mine: House) -> None:
    assert "not an archive" in refusal(with_file(mine, REFERENCE, b"PK no archive"), mine.trusted())


def test_an_archive_with_something_else_in_it_is_refused(mine: House) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../../escaped.txt", b"x")
    assert "is no array" in refusal(with_file(mine, REFERENCE, file.getvalue()), mine.trusted())


@pytest.mark.parametrize(
    ("at", "to"), [(8, 1), (6, 255), (10, 99)], ids=["encrypted", "of a later zip", "of an unknown method"]
)
def test_an_archive_that_the_parser_gives_up_on_is_refused(mine: House, at: int, to: int) -> None:
    file = io.BytesIO()
    np.savez(file, x=np.zeros(3))
    content = bytearray(file.getvalue())
    content[content.find(b"PK\x01\x02") + at] = to
    content[content.find(b"PK\x03\x04") + at - 2] = to
    said = refusal(with_file(mine, REFERENCE, bytes(content)), mine.trusted())
    assert (REFERENCE in said, "train again" in said) == (True, True)


def test_an_array_whose_header_is_nested_without_end_is_refused(mine: House) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': " + b"(" * 9000 + b")" * 900 + b"}\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    assert REFERENCE in refusal(with_file(mine, REFERENCE, file.getvalue()), mine.trusted())


def _exchange_until(one: Path, other: Path, over: threading.Event) -> None:
    exchange = ctypes.CDLL(None, use_errno=True).renameat2
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    while not over.is_set():
        assert exchange(here, bytes(one), here, bytes(other), swap) == 0, os.strerror(ctypes.get_errno())


def _refused_within(place: Path, mine: House) -> tuple[str, int]:
    """Return the refusal, and the most bytes that Python and numpy held meanwhile."""
    trusted = mine.trusted()
    tracemalloc.start()
    try:
        return refusal(place, trusted), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _claiming(shape: tuple[int, ...]) -> bytes:
    """Return an npz whose array has this shape by its header, and 64 bytes."""
    array, file = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", array.getvalue() + bytes(64))
    return file.getvalue()


def dumped(value: object) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file)
    return file.getvalue()
