"""Whatever is not byte for byte what a trusted key signed is refused, and before anything opens it."""

import io
import os
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
from models.manifest import FILE_LIMIT
from models.parts import ANOMALY, FILES, REFERENCE, SEVERITY
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


@pytest.mark.parametrize("name", ["../x.joblib", "/etc/passwd", "a/b.npz", "..", "x.joblib\n", ".hidden", ""])
def test_a_path_in_place_of_a_file_name_is_refused(mine: House, name: str) -> None:
    facts = {"sha256": "0" * 64, "size": 1}
    place = signed_again(mine, lambda doc: doc["files"].update({name: facts}))
    assert f"{MANIFEST}: 'files." in refusal(place, mine.trusted())


def test_a_manifest_without_one_of_the_files_is_refused(mine: House) -> None:
    place = signed_again(mine, lambda doc: doc["files"].pop(ANOMALY))
    assert "lists" in refusal(place, mine.trusted())


def test_a_declared_size_above_the_limit_is_refused(mine: House) -> None:
    place = signed_again(mine, lambda doc: doc["files"][SEVERITY].update(size=FILE_LIMIT + 1))
    assert f"'files.{SEVERITY}.size'" in refusal(place, mine.trusted())


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_file_that_has_grown_to_gigabytes_is_refused_unread(mine: House, name: str) -> None:
    os.truncate(mine.bundle / name, 1 << 36)  # sparse: takes no room on the disk
    assert "is 68719476736 bytes long" in refusal(mine.bundle, mine.trusted())


def dumped(value: object) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file)
    return file.getvalue()
