"""Who is promoted: what gates and production ask, of whoever is in force at that moment."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

import pytest
from pydantic import ValidationError

from enrich.errors import BundleRefused
from models import Gate, new_key
from models.bundle import MANIFEST
from models.files import locked
from models.promotion import record_name, signed
from models.records import PROMOTIONS
from tests.unit import tiny
from tests.unit.models_fixture import FACTS, FAILED, PASSED, House, house
from tests.unit.models_writers import CONTEXT, promote_at


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


@pytest.fixture
def trained(tmp_path: Path) -> House:
    """A house with a key of a team: what production takes."""
    return house(tmp_path / "state", bootstrap=False)


def test_a_bundle_that_failed_a_gate_is_not_promoted(mine: House) -> None:
    with pytest.raises(BundleRefused, match=r"gate 'leak' failed: title alone predicts .*--override REASON"):
        mine.promoted(mine.gated(PASSED, FAILED))


def test_a_bundle_that_failed_a_gate_is_promoted_with_a_reason_that_stays(mine: House) -> None:
    mine.promoted(mine.gated(PASSED, FAILED), override="the drill needs it")
    record = mine.current()
    assert (record.override, record.gates_passed, record.gates_failed) == (
        "the drill needs it",
        ("support",),
        ("leak",),
    )


@pytest.mark.parametrize("text", ["", " ", "two\nlines", "\x1b[2J"])
@pytest.mark.parametrize("field", ["name", "reason"])
def test_a_gate_speaks_in_one_printable_line(field: str, text: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Gate.model_validate({"name": "leak", "passed": False, "reason": "found", field: text})


def test_a_bundle_that_passed_its_gates_needs_no_reason(mine: House) -> None:
    assert mine.promoted(mine.gated(PASSED)).gates_passed == ("support",)


def opened(path: Path) -> int:
    """How many descriptors of this process are of the file."""
    return sum(each.resolve() == path.resolve() for each in Path("/proc/self/fd").iterdir())


def wait_for(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not met():
        assert time.monotonic() < deadline


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


def test_two_that_beat_the_same_one_are_not_both_promoted_at_once(trained: House) -> None:
    one = against(trained, "", 1)
    first = trained.promoted(one)
    two, three = against(trained, one, 2), against(trained, one, 3)
    records = trained.store.directory / PROMOTIONS
    said: list[str] = []

    def promote() -> None:
        try:
            said.append(f"promoted {trained.promoted(three).sequence}")
        except BundleRefused as error:
            said.append(str(error))

    with locked(records):
        waiting = threading.Thread(target=promote)
        waiting.start()
        # Let in against the first, it waits for the lock; meanwhile the writer who has it promotes another.
        wait_for(lambda: opened(records / ".lock") == 2)
        digest = sha256((trained.store.path(two) / MANIFEST).read_bytes()).hexdigest()
        record = first.model_copy(update={"sequence": 2, "bundle_id": two, "manifest_sha256": digest})
        (records / record_name(2)).write_bytes(signed(record, trained.key))
    waiting.join(60)
    assert len(said) == 1
    assert f"judged against {one}, in force is {two}: train again" in said[0]
    assert "\n" not in said[0]
    assert (trained.current().sequence, trained.current().bundle_id) == (2, two)


def test_of_many_that_beat_the_same_one_and_are_promoted_at_once_one_is(trained: House) -> None:
    one = against(trained, "", 0)
    trained.promoted(one)
    others = [against(trained, one, seed) for seed in range(1, 4)]
    gate, told = CONTEXT.Barrier(len(others)), CONTEXT.Queue()
    writers = [CONTEXT.Process(target=promote_at, args=(trained.root, each, gate, told)) for each in others]
    for writer in writers:
        writer.start()
    said = [told.get(timeout=60) for _ in writers]
    for writer in writers:
        writer.join(60)
    refused = [each for each in said if f"judged against {one}, in force is" in each]
    assert (said.count("promoted"), len(refused), trained.current().sequence) == (1, 2, 2)


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
