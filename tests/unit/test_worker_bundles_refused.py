"""What is promoted is refused, or cannot be noted: the last good bundle stays, and it is told once."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from enrich.context import PASSTHROUGH_BUNDLE
from enrich.errors import BundleRefused
from models import new_key
from tests.unit.models_fixture import House, add, house
from tests.unit.watched import Notes, Worker, log_lines, mend, promoted_house, refused, spoil, told
from worker.bundles_watch import Watch
from worker.current import Noted
from worker.state import StateFailed


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    with log_lines() as stream:
        yield stream


@pytest.fixture
def home(tmp_path: Path) -> House:
    return promoted_house(tmp_path)


def test_a_corrupt_bundle_is_tried_and_refused_once_and_taken_when_it_is_whole(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)
    second = home.another(2)
    home.promoted(second)
    content = spoil(home.root / "bundles" / second)
    assert worker.look(4) == (home.bundle.name, 1)
    (line,) = told(logged, "bundle_refused")
    assert "was changed after it was signed" in line["reason"]
    assert (line["level"], line["meaning"]) == ("error", "the last good one stays")
    assert (refused(worker), worker.swaps("refused"), worker.notes.promotion) == (True, 1, Noted())
    assert worker.notes.reads == 1
    mend(home.root / "bundles" / second, content)
    assert worker.look() == (second, 2)
    assert not refused(worker)


def test_an_old_directory_of_promotions_is_refused_and_the_right_one_clears_it(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)
    second = home.another(2)
    record = home.promoted(second)
    worker.look()
    path = home.root / "bundles" / "promotions" / f"{record.sequence:010d}.json"
    content = path.read_bytes()
    path.unlink()
    assert worker.look(3) == (second, 2)
    (line,) = told(logged, "bundle_refused")
    assert "older than what this group has seen" in line["reason"]
    assert refused(worker)
    path.write_bytes(content)
    assert worker.look() == (second, 2)
    assert (refused(worker), len(told(logged, "bundle_as_promoted"))) == (False, 1)


def test_a_fresh_worker_refuses_what_is_older_than_its_group_has_seen(home: House) -> None:
    notes = Notes()
    notes.promotion = Noted(5, "a" * 16)
    with pytest.raises(BundleRefused, match="older than what this group has seen"):
        Worker(home, notes)
    worker = Worker(home, notes, on_bundle_error="passthrough")
    assert worker.look() == (PASSTHROUGH_BUNDLE, 0)


def test_another_bundle_under_the_number_in_use_is_refused_and_never_said_to_be_in_force(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)
    second, third = home.another(2), home.another(3)
    record = home.promoted(second)
    worker.look()
    # The store is restored to before that promotion, and somebody promotes in it.
    (home.root / "bundles" / "promotions" / f"{record.sequence:010d}.json").unlink()
    home.promoted(third)
    assert worker.look(3) == (second, 2)
    (line,) = told(logged, "bundle_refused")
    assert f"two promotions 2: of {third} here, of {second} as this group" in line["reason"]
    assert "promote again with --after 2" in line["reason"]
    assert (refused(worker), told(logged, "bundle_as_promoted")) == (True, [])
    home.promoted(third, after=2)
    assert (worker.look(), refused(worker)) == ((third, 3), False)


def test_a_fresh_worker_refuses_another_bundle_under_the_number_that_its_group_has_used(home: House) -> None:
    notes = Notes()
    notes.promotion = Noted(1, "a" * 16)
    with pytest.raises(
        BundleRefused, match=r"two promotions 1: of .* promote again with --after 1"
    ) as raised:
        Worker(home, notes)
    assert "\n" not in str(raised.value)
    worker = Worker(home, notes, on_bundle_error="passthrough")
    assert worker.look() == (PASSTHROUGH_BUNDLE, 0)


def test_a_note_that_does_not_say_which_bundle_is_no_reason_to_refuse(home: House) -> None:
    notes = Notes()
    notes.promotion = Noted(1, "")
    assert Worker(home, notes).look() == (home.bundle.name, 1)


def test_another_bundle_that_another_worker_has_noted_under_this_number_is_refused(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)

    class Late(Notes):
        """Another worker notes between the look and the reading of the topic."""

        async def promotions(self) -> Noted:
            return Noted(2, "a" * 16)

    worker.watch = Watch(
        worker.settings,
        worker.current,
        Late(),  # type: ignore[arg-type]
        worker.pulse,
        worker.metrics,
    )
    home.promoted(home.another(2))
    assert worker.look() == (home.bundle.name, 1)
    (line,) = told(logged, "bundle_refused")
    assert "two promotions 2" in line["reason"]


def test_a_key_of_the_bundle_in_use_that_is_distrusted_is_told_and_the_bundle_stays(
    home: House, logged: io.StringIO
) -> None:
    theirs = new_key(home.keys, home.trust, comment="theirs")
    second = add(home.root, theirs, 5)
    home.promoted(second)  # by the key of the house
    worker = Worker(home)
    assert (worker.look(), refused(worker)) == ((second, 2), False)
    (public,) = home.trust.glob(f"{theirs.key_id}*")
    content = public.read_bytes()
    public.unlink()
    assert worker.look(3) == (second, 2)
    (line,) = told(logged, "bundle_refused")
    assert f"signed by key {theirs.key_id}, which is not trusted" in line["reason"]
    assert refused(worker)
    public.write_bytes(content)
    assert (worker.look(), refused(worker)) == ((second, 2), False)


def test_what_another_worker_has_noted_meanwhile_is_the_least_that_is_taken(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)
    home.promoted(home.another(2))
    worker.notes.promotion = Noted(9, "a" * 16)
    assert worker.look(2) == (home.bundle.name, 1)
    (line,) = told(logged, "bundle_refused")
    assert "9 was seen" in line["reason"]


def test_a_sequence_that_cannot_be_noted_is_not_used_and_is_tried_again(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)
    second = home.another(2)
    home.promoted(second)
    worker.notes.fails = StateFailed("topic alerts.state: no receipt within 120 s (no answer)")
    assert worker.look(3) == (home.bundle.name, 1)
    (line,) = told(logged, "bundle_failed")
    assert line["reason"].startswith("topic alerts.state: no receipt")
    assert (refused(worker), worker.swaps("failed")) == (True, 1)
    worker.notes.fails = None
    assert worker.look() == (second, 2)


def test_a_key_that_is_distrusted_before_the_sequence_is_noted_takes_its_bundle_along(home: House) -> None:
    worker = Worker(home)
    home.promoted(home.another(2))
    worker.notes.fails = StateFailed("topic alerts.state: no receipt within 120 s (no answer)")
    worker.look()
    next(home.trust.glob("*.json")).unlink()
    worker.notes.fails = None
    assert worker.look() == (home.bundle.name, 1)


def test_a_worker_without_a_bundle_takes_the_first_that_is_promoted(
    tmp_path: Path, logged: io.StringIO
) -> None:
    home = house(tmp_path)
    worker = Worker(home, on_bundle_error="passthrough")
    assert worker.look(2) == (PASSTHROUGH_BUNDLE, 0)
    assert told(logged, "bundle_refused") == []  # it was told at the start
    assert refused(worker)
    home.promoted(home.bundle.name)
    assert worker.look() == (home.bundle.name, 1)
    assert not refused(worker)


def test_a_key_that_is_trusted_later_makes_its_promotion_good(home: House) -> None:
    worker = Worker(home)
    home.promoted(home.another(2))
    (public,) = home.trust.glob("*.json")
    content = public.read_bytes()
    public.unlink()
    assert worker.look()[1] == 1
    public.write_bytes(content)
    assert worker.look()[1] == 2


def test_a_worker_that_is_told_to_stop_swaps_no_more(home: House) -> None:
    worker = Worker(home)
    home.promoted(home.another(2))
    worker.pulse.stopping = True
    assert worker.look() == (home.bundle.name, 1)
    assert worker.notes.promotion == Noted()


def test_a_bug_does_not_end_the_watch_and_is_told_without_its_text(home: House, logged: io.StringIO) -> None:
    worker = Worker(home)
    home.promoted(home.another(2))
    worker.notes.fails = ValueError("SECRET")
    assert worker.look(3) == (home.bundle.name, 1)
    assert [line["reason"].startswith("error=ValueError") for line in told(logged, "bundle_failed")] == [True]
    assert "SECRET" not in logged.getvalue()
