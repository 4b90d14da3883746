"""The store: which bundle is in force, said once and for all writers, and nothing half-written seen."""

import os
import time
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from pydantic import ValidationError

from enrich.errors import BundleRefused, SettingsWrong
from models import Gate, Promotion, Store, new_key
from models.files import LEFT_S, STAGING
from models.keys import distrust
from models.manifest import GATES_LIMIT
from models.promotion import record_name
from models.store import PROMOTIONS, UNSIGNED
from tests.unit import tiny
from tests.unit.models_fixture import AT, FACTS, House, house, signed_again

FAILED = Gate(name="leak", passed=False, reason="title alone predicts the label: accuracy .99")
PASSED = Gate(name="support", passed=True, reason="the smallest class has 120 rows")


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


@pytest.fixture
def trained(tmp_path: Path) -> House:
    """A house with a key of a team: what production takes."""
    return house(tmp_path / "state", bootstrap=False)


def gated(mine: House, *gates: Gate) -> str:
    return mine.store.add(tiny.models(), FACTS.model_copy(update={"gates": gates}), mine.key)


def current(mine: House, at_least: int = 0) -> Promotion:
    return mine.store.current(mine.trusted(), at_least=at_least)


def refused(mine: House, at_least: int = 0) -> str:
    """Return why no promotion is in force: one line."""
    with pytest.raises(BundleRefused) as raised:
        current(mine, at_least)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_an_empty_store_says_how_to_make_a_bundle(mine: House) -> None:
    with pytest.raises(BundleRefused, match="millrace train --bootstrap"):
        Store(mine.root / "nothing").current(mine.trusted())


def test_a_store_without_promotion_says_how_many_bundles_wait(mine: House) -> None:
    assert "1 there, none promoted" in refused(mine)


def test_a_missing_directory_holds_no_bundles(tmp_path: Path) -> None:
    assert Store(tmp_path / "bundles").list() == ()


def test_what_is_promoted_is_in_force(mine: House) -> None:
    promotion = mine.promoted(mine.bundle.name, "first")
    assert (
        current(mine)
        == promotion
        == Promotion(
            format="millrace-promotion",
            version=1,
            action="promote",
            sequence=1,
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


def test_a_rollback_is_a_later_promotion_of_the_bundle_before(mine: House) -> None:
    other = mine.another(2)
    mine.promoted(mine.bundle.name)
    mine.promoted(other)
    record = mine.rolled_back()
    assert (record, record.action, record.sequence, record.bundle_id, record.previous) == (
        current(mine),
        "rollback",
        3,
        mine.bundle.name,
        other,
    )


def test_a_second_rollback_must_say_where_to(mine: House) -> None:
    # "The one before" would be the bundle that was just found wanting.
    mine.promoted(mine.bundle.name)
    mine.promoted(mine.another(2))
    mine.rolled_back()
    with pytest.raises(BundleRefused, match="--to ID"):
        mine.rolled_back()


def test_a_rollback_to_a_bundle_that_was_never_promoted_is_refused(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    with pytest.raises(BundleRefused, match="was never promoted"):
        mine.rolled_back(mine.another(2))


def test_a_rollback_from_the_first_promotion_has_nowhere_to_go(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    with pytest.raises(BundleRefused, match="no bundle was in force before"):
        mine.rolled_back()


def test_a_rollback_asks_no_gate_again(mine: House) -> None:
    weak = gated(mine, FAILED)
    mine.promoted(weak, override="for the drill")
    mine.promoted(mine.bundle.name)
    assert mine.rolled_back().bundle_id == weak


def test_a_rollback_from_a_bundle_promoted_twice_goes_to_the_one_before_both(mine: House) -> None:
    other = mine.another(2)
    for each in (mine.bundle.name, other, other):
        mine.promoted(each)
    record = mine.rolled_back()
    assert (record.bundle_id, record.previous, record.sequence) == (mine.bundle.name, other, 4)


@pytest.mark.parametrize("named", [False, True])
def test_a_rollback_that_somebody_promotes_into_is_refused_and_changes_nothing(
    mine: House, named: bool
) -> None:
    second, third = mine.another(2), mine.another(3)

    class Slow(Store):
        """Somebody promotes between the look and the record."""

        def path(self, bundle_id: str) -> Path:
            mine.promoted(third)
            return super().path(bundle_id)

    mine.promoted(mine.bundle.name)
    mine.promoted(second)
    to = mine.bundle.name if named else None
    said = {"key": mine.key, "trusted": mine.trusted(), "who": "lee", "why": "worse", "at": AT, "to": to}
    with pytest.raises(BundleRefused, match="somebody promoted 3 meanwhile: look again"):
        Slow(mine.store.directory).rollback(**said)
    assert (current(mine).sequence, current(mine).bundle_id) == (3, third)


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
    assert "older than what this group has seen: its last promotion is 1, 7 was seen" in refused(mine, 7)


def test_an_emptied_store_is_refused_by_whom_has_seen_it_full(mine: House) -> None:
    assert "older than what this group has seen: its last promotion is 0, 1 was seen" in refused(mine, 1)


def test_a_store_that_was_lost_can_be_taken_above_what_was_seen(mine: House) -> None:
    mine.promoted(mine.bundle.name, after=7)
    assert current(mine, at_least=7).sequence == 8


def test_the_sequence_that_was_seen_is_not_older(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    assert current(mine, at_least=1).sequence == 1


def test_a_bundle_that_failed_a_gate_is_not_promoted(mine: House) -> None:
    with pytest.raises(BundleRefused, match=r"gate 'leak' failed: title alone predicts .*--override REASON"):
        mine.promoted(gated(mine, PASSED, FAILED))


def test_a_bundle_that_failed_a_gate_is_promoted_with_a_reason_that_stays(mine: House) -> None:
    mine.promoted(gated(mine, PASSED, FAILED), override="the drill needs it")
    record = current(mine)
    assert (record.override, record.gates_passed, record.gates_failed) == (
        "the drill needs it",
        ("support",),
        ("leak",),
    )


def test_the_longest_record_that_can_be_written_can_be_read(mine: House) -> None:
    widest = "\U0001f512"  # four bytes
    gates = (Gate(name=widest * 200, passed=False, reason=widest * 500),) * GATES_LIMIT
    said = {"who": widest * 200, "why": widest * 1000, "override": widest * 1000}
    assert mine.promoted(gated(mine, *gates), **said) == current(mine)


@pytest.mark.parametrize("text", ["", " ", "two\nlines", "\x1b[2J"])
@pytest.mark.parametrize("field", ["name", "reason"])
def test_a_gate_speaks_in_one_printable_line(field: str, text: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Gate.model_validate({"name": "leak", "passed": False, "reason": "found", field: text})


def test_a_bundle_that_passed_its_gates_needs_no_reason(mine: House) -> None:
    assert mine.promoted(gated(mine, PASSED)).gates_passed == ("support",)


def against(house: House, champion: str, seed: int = 1) -> str:
    """Put a bundle that passed its gates, held against this champion, into the store; return its id."""
    facts = FACTS.model_copy(update={"gates": (PASSED,), "champion": champion, "parameters": {"seed": seed}})
    return house.store.add(replace(tiny.models(), bootstrap=False), facts, house.key)


def test_a_bundle_that_did_not_beat_the_one_in_force_is_not_promoted(trained: House) -> None:
    one, two = against(trained, "", 1), against(trained, "", 2)
    trained.promoted(one)
    with pytest.raises(BundleRefused, match=f"judged against no bundle, in force is {one}: train again"):
        trained.promoted(two)
    assert trained.promoted(two, override="measured by hand").bundle_id == two


def test_a_bundle_that_beat_the_one_in_force_is_promoted_until_another_is(trained: House) -> None:
    one = against(trained, "", 1)
    trained.promoted(one)
    two, three = against(trained, one, 2), against(trained, one, 3)
    assert trained.promoted(two).previous == one
    with pytest.raises(BundleRefused, match=f"judged against {one}, in force is {two}"):
        trained.promoted(three)


def test_the_bundle_in_force_may_be_promoted_again_and_a_bootstrap_one_beats_nothing(trained: House) -> None:
    trained.promoted(trained.bundle.name)
    one = against(trained, "")
    assert [trained.promoted(one).bundle_id for _ in range(2)] == [one, one]


def test_a_bundle_in_force_that_is_gone_must_have_been_beaten(trained: House) -> None:
    one = against(trained, "", 1)
    trained.promoted(one)
    rmtree(trained.store.path(one))
    with pytest.raises(BundleRefused, match=f"in force is {one}"):
        trained.promoted(against(trained, "", 2))


def test_a_bundle_without_gates_that_is_no_bootstrap_is_not_promoted(trained: House) -> None:
    with pytest.raises(BundleRefused, match="put through no gates"):
        trained.promoted(trained.plain())


def test_a_bundle_without_gates_is_promoted_with_a_reason(trained: House) -> None:
    assert trained.promoted(trained.plain(), override="measured by hand").override == "measured by hand"


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


def test_in_production_a_bootstrap_promotion_of_a_good_bundle_is_refused(trained: House) -> None:
    own = new_key(trained.keys, trained.trust, comment="", bootstrap=True)
    trained.promoted(trained.plain(), key=own, override="none asked")
    with pytest.raises(
        BundleRefused, match=f"signed by bootstrap key {own.key_id}, refused when MILLRACE_ENV"
    ):
        trained.store.current(trained.trusted(), production=True)


def test_in_production_a_promotion_by_a_team_is_in_force(trained: House) -> None:
    bundle_id = trained.plain()
    trained.promoted(bundle_id, override="none asked", production=True)
    assert trained.store.load(trained.trusted(), production=True).bundle_id == bundle_id


def test_in_production_nobody_can_promote_a_bootstrap_bundle(trained: House) -> None:
    with pytest.raises(BundleRefused, match="a bootstrap bundle, refused when MILLRACE_ENV=production"):
        trained.promoted(trained.bundle.name, production=True, override="please")


def test_a_promotion_by_a_key_that_is_trusted_no_longer_is_refused_and_can_be_made_again(mine: House) -> None:
    first = new_key(mine.keys, mine.trust, comment="first team")
    mine.promoted(mine.bundle.name, key=first)
    distrust(mine.trust, first.key_id)
    assert f"signed by key {first.key_id}, which is not trusted" in refused(mine)
    assert (mine.promoted(mine.bundle.name), current(mine).sequence) == (current(mine), 2)


def test_an_unsigned_promotion_of_an_older_millrace_says_to_train_again(mine: House) -> None:
    doc = f'{{"sequence":1,"bundle_id":"{mine.bundle.name}","previous":null,"who":"x","why":"y"}}'
    (mine.store.directory / UNSIGNED).write_text(doc)
    assert "is not signed, as an older Millrace wrote it: train again" in refused(mine)
    assert mine.promoted(mine.bundle.name) == current(mine)


def test_a_promoted_bundle_that_is_gone_is_named(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    mine.bundle.rename(mine.root / "elsewhere")
    with pytest.raises(BundleRefused, match=mine.bundle.name):
        mine.store.load(mine.trusted())


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
    seen = (mine.store.list(), current(mine))
    mine.promoted(mine.another(2))
    assert (seen, staged.exists(), record.exists()) == (((mine.bundle.name,), promotion), True, True)
    hour_ago = time.time() - LEFT_S
    for left in (staged, record):
        os.utime(left, (hour_ago, hour_ago))
    mine.promoted(mine.another(3))
    assert (staged.exists(), record.exists()) == (False, False)
