"""What is written into a store: good bundles, good records, and nothing left behind."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from enrich.errors import BundleRefused, SettingsWrong
from models import Store, new_key
from models.files import LEFT_S, STAGING
from models.keys import distrust
from models.records import PROMOTIONS
from tests.unit import tiny
from tests.unit.models_fixture import AT, FACTS, House, house, signed_again


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


@pytest.mark.parametrize("bundle_id", ["0" * 16, "..", "", "../keys", ".lock", "x\n", PROMOTIONS])
def test_a_bundle_that_is_not_here_is_not_promoted(mine: House, bundle_id: str) -> None:
    with pytest.raises(BundleRefused, match="is not in"):
        mine.promoted(bundle_id)


def test_a_bundle_that_is_damaged_is_not_promoted(mine: House) -> None:
    next(mine.bundle.glob("*.joblib")).write_bytes(b"damaged")
    with pytest.raises(BundleRefused, match="was changed after it was signed"):
        mine.promoted(mine.bundle.name)


def test_a_bundle_made_for_other_features_is_not_promoted(mine: House) -> None:
    place = signed_again(mine, lambda doc: doc.update(features_hash="0" * 16))
    with pytest.raises(BundleRefused, match="made for other features"):
        mine.promoted(place.name, override="please")


def test_a_link_that_looks_half_written_is_taken_away_and_not_followed(mine: House) -> None:
    kept = mine.root / "kept"
    kept.mkdir()
    left = mine.store.directory / f"{STAGING}x"
    left.symlink_to(kept)
    os.utime(left, (0, 0), follow_symlinks=False)
    mine.another(2)
    assert (kept.is_dir(), list(mine.store.directory.glob(f"{STAGING}*"))) == (True, [])


def test_a_promotion_by_a_key_that_nobody_trusts_is_not_written(mine: House) -> None:
    stranger = new_key(mine.root / "theirs", mine.root / "nobody", comment="theirs")
    with pytest.raises(BundleRefused, match=f"signed by key {stranger.key_id}, which is not trusted"):
        mine.promoted(mine.bundle.name, key=stranger)
    assert mine.store.history(mine.trusted()) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("who", ""),
        ("who", " "),
        ("who", "x" * 201),
        ("why", ""),
        ("why", "two\nlines"),
        ("why", "\x1b[31mred"),
        ("override", ""),
        ("at", AT.replace(tzinfo=None)),
    ],
)
def test_a_promotion_needs_a_name_a_reason_and_a_time_with_its_zone(
    mine: House, field: str, value: Any
) -> None:
    with pytest.raises(SettingsWrong, match=f"{mine.bundle.name}: '{field}'"):
        mine.promoted(mine.bundle.name, **{field: value})


def test_a_promotion_by_a_key_that_is_trusted_no_longer_is_refused_and_can_be_made_again(mine: House) -> None:
    first = new_key(mine.keys, mine.trust, comment="first team")
    mine.promoted(mine.bundle.name, key=first)
    distrust(mine.trust, first.key_id)
    assert f"signed by key {first.key_id}, which is not trusted" in mine.refused()
    assert (mine.promoted(mine.bundle.name), mine.current().sequence) == (mine.current(), 2)


def test_writing_a_bundle_again_changes_nothing(mine: House) -> None:
    before = {path: path.stat().st_mtime_ns for path in mine.bundle.iterdir()}
    mine.store.add(tiny.models(), FACTS, mine.key)
    assert {path: path.stat().st_mtime_ns for path in mine.bundle.iterdir()} == before


def test_writing_a_bundle_again_over_a_damaged_one_says_so(mine: House) -> None:
    next(mine.bundle.glob("*.joblib")).write_bytes(b"damaged")
    with pytest.raises(BundleRefused, match="damaged, or signed by another key: remove"):
        mine.store.add(tiny.models(), FACTS, mine.key)


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path, mine: House) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsWrong, match="cannot be written"):
        Store(tmp_path / "file" / "bundles").add(tiny.models(), FACTS, mine.key)


def test_readers_need_no_right_to_write_and_leave_nothing(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    for lock in mine.store.directory.rglob(".lock"):
        lock.unlink()
    before = sorted(mine.store.directory.rglob("*"))
    for place in (mine.store.directory / PROMOTIONS, mine.store.directory):
        place.chmod(0o500)
    loaded = mine.store.load(mine.trusted())
    assert (loaded.bundle_id, sorted(mine.store.directory.rglob("*"))) == (mine.bundle.name, before)


def test_what_a_killed_writer_left_is_not_seen_and_is_taken_away_an_hour_later(mine: House) -> None:
    promotion = mine.promoted(mine.bundle.name)
    staged = mine.store.directory / f"{STAGING}{'a' * 16}"
    staged.mkdir()
    (staged / "severity.joblib").write_bytes(b"half a fil")
    record = mine.store.directory / PROMOTIONS / f"{STAGING}0000000002.json"
    record.write_bytes(b'{"key_id":"')
    seen = (mine.store.list(), mine.current())
    mine.promoted(mine.another(2))
    assert (seen, staged.exists(), record.exists()) == (((mine.bundle.name,), promotion), True, True)
    hour_ago = time.time() - LEFT_S
    for left in (staged, record):
        os.utime(left, (hour_ago, hour_ago))
    mine.promoted(mine.another(3))
    assert (staged.exists(), record.exists()) == (False, False)
