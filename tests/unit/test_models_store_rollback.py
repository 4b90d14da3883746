"""Going back: a later promotion of an earlier bundle."""

from pathlib import Path

import pytest

from enrich.errors import BundleRefused
from models import Store
from tests.unit.models_fixture import AT, FAILED, House, house


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


def test_a_rollback_is_a_later_promotion_of_the_bundle_before(mine: House) -> None:
    other = mine.another(2)
    mine.promoted(mine.bundle.name)
    mine.promoted(other)
    record = mine.rolled_back()
    assert (record, record.action, record.sequence, record.bundle_id, record.previous) == (
        mine.current(),
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
    weak = mine.gated(FAILED)
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
    assert (mine.current().sequence, mine.current().bundle_id) == (3, third)
