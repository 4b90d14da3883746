"""The store: which bundle is in force, said once and for all."""

from pathlib import Path

import pytest

from enrich.errors import BundleRefused
from models import Gate, Promotion, Store
from models.manifest import GATES_LIMIT
from models.promotion import record_name
from models.records import PROMOTIONS
from models.store import UNSIGNED
from tests.unit.models_fixture import AT, House, house


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


def test_an_empty_store_says_how_to_make_a_bundle(mine: House) -> None:
    with pytest.raises(BundleRefused, match="millrace train --bootstrap"):
        Store(mine.root / "nothing").current(mine.trusted())


def test_a_store_without_promotion_says_how_many_bundles_wait(mine: House) -> None:
    assert "1 there, none promoted" in mine.refused()


def test_a_missing_directory_holds_no_bundles(tmp_path: Path) -> None:
    assert Store(tmp_path / "bundles").list() == ()


def test_what_is_promoted_is_in_force(mine: House) -> None:
    promotion = mine.promoted(mine.bundle.name, "first")
    assert (
        mine.current()
        == promotion
        == Promotion(
            format="millrace-promotion",
            version=2,
            action="promote",
            sequence=1,
            installation="",
            bundle_id=mine.bundle.name,
            manifest_sha256=promotion.manifest_sha256,
            previous=None,
            who="kim",
            why="first",
            at=AT,
            override=None,
            gates_passed=(),
            gates_failed=(),
            key_id=mine.key.key_id,
        )
    )


def test_the_promoted_bundle_is_the_one_that_loads(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    other = mine.another(2)
    mine.promoted(other)
    assert mine.store.load(mine.trusted()).bundle_id == other


@pytest.mark.parametrize("number", [9_999_999_998, 1_000_002])
def test_a_junk_record_far_above_all_good_ones_does_not_use_up_the_numbers(mine: House, number: int) -> None:
    mine.promoted(mine.bundle.name)
    junk = mine.store.directory / PROMOTIONS / record_name(number)
    junk.write_bytes(b"junk")
    with pytest.raises(BundleRefused, match=rf"{junk}: refused, and far above .*: remove it"):
        mine.promoted(mine.bundle.name)
    junk.unlink()
    assert mine.promoted(mine.bundle.name).sequence == 2


def test_a_broken_record_not_far_above_what_is_good_or_was_seen_is_passed_by(mine: House) -> None:
    (mine.store.directory / PROMOTIONS).mkdir()
    (mine.store.directory / PROMOTIONS / record_name(1_000_000)).write_bytes(b"broken")
    assert mine.promoted(mine.bundle.name).sequence == 1_000_001
    (mine.store.directory / PROMOTIONS / record_name(5_000_000_001)).write_bytes(b"broken")
    assert mine.promoted(mine.bundle.name, after=5_000_000_000).sequence == 5_000_000_002


def test_all_promotions_are_kept_newest_first(mine: House) -> None:
    for why in ("one", "two", "three"):
        mine.promoted(mine.bundle.name, why)
    history = mine.store.history(mine.trusted())
    assert [(each.sequence, each.promotion and each.promotion.why) for each in history] == [
        (3, "three"),
        (2, "two"),
        (1, "one"),
    ]


def test_a_store_older_than_what_was_seen_is_refused(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    assert "older than what this group has seen: its last promotion is 1, 7 was seen" in mine.refused(7)


def test_an_emptied_store_is_refused_by_whom_has_seen_it_full(mine: House) -> None:
    assert "older than what this group has seen: its last promotion is 0, 1 was seen" in mine.refused(1)


def test_a_store_that_was_lost_can_be_taken_above_what_was_seen(mine: House) -> None:
    mine.promoted(mine.bundle.name, after=7)
    assert mine.current(at_least=7).sequence == 8


def test_the_sequence_that_was_seen_is_not_older(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    assert mine.current(at_least=1).sequence == 1


def test_the_longest_record_that_can_be_written_can_be_read(mine: House) -> None:
    widest = "\U0001f512"  # four bytes
    gates = (Gate(name=widest * 200, passed=False, reason=widest * 500),) * GATES_LIMIT
    said = {"who": widest * 200, "why": widest * 1000, "override": widest * 1000}
    assert mine.promoted(mine.gated(*gates), **said) == mine.current()


def test_an_unsigned_promotion_of_an_older_millrace_says_to_train_again(mine: House) -> None:
    doc = f'{{"sequence":1,"bundle_id":"{mine.bundle.name}","previous":null,"who":"x","why":"y"}}'
    (mine.store.directory / UNSIGNED).write_text(doc)
    assert "is not signed, as an older Millrace wrote it: train again" in mine.refused()
    assert mine.promoted(mine.bundle.name) == mine.current()


def test_a_promoted_bundle_that_is_gone_is_named(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    mine.bundle.rename(mine.root / "elsewhere")
    with pytest.raises(BundleRefused, match=mine.bundle.name):
        mine.store.load(mine.trusted())
