"""A promotion that is not byte for byte what a trusted key signed, or not in its place, is refused."""

import os
import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from enrich.errors import BundleRefused
from models import Trust, new_key
from models.bundle import MANIFEST, SIGNATURE
from models.manifest import bundle_id
from models.promotion import promotion_from, record_name, record_sequence, signed
from models.records import PROMOTIONS
from models.signature import SIGNATURE_SIZE, signature_line
from tests.unit.models_fixture import House, house, refusal


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Two bundles, promoted one after the other and the first one again: records 1 to 3."""
    mine = house(tmp_path_factory.mktemp("promotions") / "state")
    for each in (mine.bundle.name, mine.another(2), mine.bundle.name):
        mine.promoted(each)
    return mine


@pytest.fixture
def mine(template: House, tmp_path: Path) -> House:
    shutil.copytree(template.root, tmp_path / "state")
    return House(tmp_path / "state", template.key, tmp_path / "state" / "bundles" / template.bundle.name)


def place(mine: House, sequence: int) -> Path:
    return mine.store.directory / PROMOTIONS / record_name(sequence)


def refused(mine: House, trusted: Trust | None = None) -> str:
    """Return why no promotion is in force: one line. The one below it must not come into force instead."""
    with pytest.raises(BundleRefused) as raised:
        mine.store.current(trusted or mine.trusted())
    assert "\n" not in str(raised.value)
    return str(raised.value)


def signed_doc(mine: House, **changes: Any) -> bytes:
    """Return the newest record with some fields changed, signed by the trusted key."""
    doc = {**orjson.loads(place(mine, 3).read_bytes()[SIGNATURE_SIZE:]), **changes}
    body = orjson.dumps({name: value for name, value in doc.items() if value is not ...})
    return signature_line(mine.key, body) + body


def test_no_change_of_a_bit_of_the_record_is_accepted(mine: House) -> None:
    content, trusted = place(mine, 3).read_bytes(), mine.trusted()
    accepted = []
    for at in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[at] ^= 1 << bit
            try:
                promotion_from(bytes(changed), place(mine, 3), trusted)
            except BundleRefused:
                continue
            accepted.append((at, bit))
    assert accepted == []


@pytest.mark.parametrize("at", [0, SIGNATURE_SIZE // 2, SIGNATURE_SIZE - 1, SIGNATURE_SIZE, -2, -1])
def test_one_changed_byte_stops_the_store_and_brings_back_no_older_record(mine: House, at: int) -> None:
    content = bytearray(place(mine, 3).read_bytes())
    content[at] ^= 1
    place(mine, 3).write_bytes(content)
    assert str(place(mine, 3)) in refused(mine)


@pytest.mark.parametrize("length", [0, 1, SIGNATURE_SIZE - 1, SIGNATURE_SIZE, SIGNATURE_SIZE + 1, -1])
def test_a_record_cut_short_is_refused(mine: House, length: int) -> None:
    place(mine, 3).write_bytes(place(mine, 3).read_bytes()[:length])
    assert str(place(mine, 3)) in refused(mine)


def test_an_old_record_replayed_under_a_new_number_is_refused(mine: House) -> None:
    place(mine, 4).write_bytes(place(mine, 2).read_bytes())
    assert "holds promotion 2, under the name of another" in refused(mine)


def test_an_old_record_in_the_place_of_the_newest_is_refused(mine: House) -> None:
    place(mine, 3).write_bytes(place(mine, 2).read_bytes())
    assert "holds promotion 2, under the name of another" in refused(mine)


def test_an_old_record_with_its_number_rewritten_is_refused(mine: House) -> None:
    rewritten = place(mine, 2).read_bytes().replace(b'"sequence":2', b'"sequence":4')
    place(mine, 4).write_bytes(rewritten)
    assert "does not match its signature" in refused(mine)


def test_a_store_put_back_to_an_older_state_is_refused_by_whom_has_seen_more(mine: House) -> None:
    place(mine, 3).unlink()
    assert mine.store.current(mine.trusted()).sequence == 2
    with pytest.raises(BundleRefused, match="older than what this group has seen"):
        mine.store.current(mine.trusted(), at_least=3)


def test_a_record_signed_by_a_stranger_is_refused(mine: House) -> None:
    stranger = new_key(mine.root / "theirs", mine.root / "nobody", comment="theirs")
    last = mine.store.current(mine.trusted())
    forged = last.model_copy(update={"sequence": 4, "key_id": stranger.key_id})
    place(mine, 4).write_bytes(signed(forged, stranger))
    assert f"signed by key {stranger.key_id}, which is not trusted here" in refused(mine)


def test_a_record_signed_by_a_stranger_under_the_id_of_a_trusted_key_is_refused(mine: House) -> None:
    stranger = new_key(mine.root / "theirs", mine.root / "nobody", comment="theirs")
    last = mine.store.current(mine.trusted()).model_copy(update={"sequence": 4, "key_id": stranger.key_id})
    content = signed(last, stranger).replace(stranger.key_id.encode(), mine.key.key_id.encode())
    place(mine, 4).write_bytes(content)
    assert "does not match its signature" in refused(mine)


def test_a_record_that_names_another_key_than_signed_it_is_refused(mine: House) -> None:
    place(mine, 3).write_bytes(signed_doc(mine, key_id="0" * 16))
    assert f"names key {'0' * 16}, signed is it by {mine.key.key_id}" in refused(mine)


def test_a_signature_over_a_manifest_is_none_over_a_promotion(mine: House) -> None:
    manifest, signature = (mine.bundle / MANIFEST).read_bytes(), (mine.bundle / SIGNATURE).read_bytes()
    place(mine, 4).write_bytes(signature + manifest)
    assert str(place(mine, 4)) in refused(mine)


def test_a_signature_over_a_promotion_is_none_over_a_manifest(mine: House) -> None:
    content = place(mine, 3).read_bytes()
    (mine.bundle / SIGNATURE).write_bytes(content[:SIGNATURE_SIZE])
    (mine.bundle / MANIFEST).write_bytes(content[SIGNATURE_SIZE:])
    moved = mine.bundle.rename(mine.bundle.with_name(bundle_id(content[SIGNATURE_SIZE:])))
    assert MANIFEST in refusal(moved, mine.trusted())


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "millrace-bundle"},
        {"format": ...},
        {"version": ...},
        {"further": 1},
        {"sequence": 0},
        {"sequence": "3"},
        {"sequence": 3.0},
        {"sequence": 2**63},
        {"sequence": -1},
        {"installation": ...},
        {"installation": "two\nlines"},
        {"installation": None},
        {"bundle_id": "../../etc"},
        {"manifest_sha256": "0"},
        {"why": "two\nlines"},
        {"at": "2026-11-01T12:00:00"},
        {"action": "delete"},
        {"override": ""},
    ],
    ids=str,
)
def test_a_signed_record_with_a_wrong_field_is_refused(mine: House, changes: dict[str, Any]) -> None:
    place(mine, 3).write_bytes(signed_doc(mine, **changes))
    assert f"'{next(iter(changes))}'" in refused(mine)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\xff", b'{"version": 1', b"9" * 5000])
def test_signed_bytes_that_are_no_record_are_refused(mine: House, body: bytes) -> None:
    place(mine, 3).write_bytes(signature_line(mine.key, body) + body)
    assert str(place(mine, 3)) in refused(mine)


def test_a_record_of_a_newer_millrace_says_so(mine: House) -> None:
    place(mine, 3).write_bytes(signed_doc(mine, version=3, further="unknown here"))
    assert "written by a newer Millrace (promotion version 3" in refused(mine)


def test_a_record_of_gigabytes_is_refused_unread(mine: House) -> None:
    os.truncate(place(mine, 3), 10 << 30)  # sparse: takes no room on the disk
    assert "is 10737418240 bytes long" in refused(mine)


def test_a_link_in_place_of_the_record_is_refused(mine: House) -> None:
    place(mine, 3).rename(mine.root / "elsewhere")
    place(mine, 3).symlink_to(mine.root / "elsewhere")
    assert "symbolic link" in refused(mine)


def test_a_link_in_place_of_the_directory_of_records_is_refused(mine: House) -> None:
    place(mine, 3).parent.rename(mine.root / "elsewhere")
    (mine.store.directory / PROMOTIONS).symlink_to(mine.root / "elsewhere")
    assert "symbolic link" in refused(mine)


def test_a_link_in_place_of_the_store_is_refused(mine: House) -> None:
    mine.store.directory.rename(mine.root / "elsewhere")
    mine.store.directory.symlink_to(mine.root / "elsewhere")
    assert "symbolic link" in refused(mine)


def test_a_fifo_in_place_of_the_record_does_not_block(mine: House) -> None:
    os.mkfifo(place(mine, 4))
    assert "is not a regular file" in refused(mine)


def test_a_directory_in_place_of_the_record_is_refused(mine: House) -> None:
    place(mine, 4).mkdir()
    assert "is not a regular file" in refused(mine)


def test_a_second_name_of_the_same_record_file_changes_nothing(mine: House) -> None:
    os.link(place(mine, 3), mine.root / "elsewhere")
    assert mine.store.current(mine.trusted()).sequence == 3


def test_a_promotion_above_a_broken_one_is_in_force(mine: House) -> None:
    before = mine.store.current(mine.trusted())
    place(mine, 4).write_bytes(b"broken")
    record = mine.promoted(mine.another(2))
    assert (record.sequence, record.previous) == (5, before.bundle_id)
    assert mine.store.current(mine.trusted()) == record


def test_a_rollback_from_a_broken_promotion_must_say_where_to(mine: House) -> None:
    place(mine, 4).write_bytes(b"broken")
    with pytest.raises(BundleRefused, match=record_name(4)):
        mine.rolled_back()
    assert mine.rolled_back(mine.bundle.name).sequence == 5


def test_a_broken_record_stays_in_the_history_with_its_reason(mine: House) -> None:
    place(mine, 2).write_bytes(b"broken")
    history = mine.store.history(mine.trusted())
    assert [(each.sequence, each.promotion is None, each.problem is None) for each in history] == [
        (3, False, True),
        (2, True, False),
        (1, False, True),
    ]


def test_a_number_that_leaves_none_above_it_is_named(mine: House) -> None:
    place(mine, 9_999_999_999).write_bytes(b"broken")
    with pytest.raises(BundleRefused, match=r"9999999999\.json: leaves no higher sequence .*: remove it"):
        mine.promoted(mine.bundle.name)


def test_the_whole_hash_of_the_manifest_counts_not_only_the_id(mine: House) -> None:
    # The id is 64 bits of it: whoever holds a key could look for two manifests that share them.
    place(mine, 3).write_bytes(signed_doc(mine, manifest_sha256=mine.bundle.name + "0" * 48))
    record = mine.store.current(mine.trusted())
    with pytest.raises(BundleRefused, match="not the manifest that promotion 3 names"):
        mine.store.verified(record, mine.trusted())
    with pytest.raises(BundleRefused, match="not the manifest that promotion 3 names"):
        mine.store.load(mine.trusted())


@pytest.mark.parametrize(
    "name",
    ["1.json", "0000000000.json", "00000000001.json", "0000000001.json.bak", "٠٠٠٠٠٠٠٠٠١.json", ".lock"],
)
def test_what_has_no_name_of_a_record_is_none(name: str) -> None:
    assert record_sequence(name) is None


def test_a_record_is_signed_by_the_key_that_it_names_only(mine: House) -> None:
    other = new_key(mine.keys, mine.trust, comment="other")
    with pytest.raises(ValueError, match=other.key_id):
        signed(mine.store.current(mine.trusted()), other)
