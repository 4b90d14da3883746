"""``millrace models list``, ``show``, ``verify`` and ``diff``: what is said of bundles and promotions."""

import shutil
from pathlib import Path

import orjson
import pytest

from millrace.bundle_tables import HISTORY
from models import Gate
from tests.unit import tiny
from tests.unit.models_called import answer, models
from tests.unit.models_fixture import FACTS, House, house

ROOT = Path(__file__).parents[2]
FAILED = Gate(name="leak", passed=False, reason="title alone predicts the label")
COMMANDS = ("list", "show", "verify", "diff", "promote", "rollback", "keygen")


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


def test_the_list_tells_what_is_refused_and_why(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    (mine.bundle / "manifest.json").write_bytes(b"{}")
    listed = answer(mine, "list")
    assert "does not match its signature" in listed["bundles"][0]["problem"]
    assert (listed["in_force"], listed["problem"]) == (mine.bundle.name, None)


def test_the_list_names_a_promotion_that_is_broken(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    record = mine.store.directory / "promotions" / "0000000001.json"
    record.write_bytes(b"broken")
    listed = answer(mine, "list")
    assert (listed["in_force"], str(record) in listed["problem"]) == (None, True)


def test_a_list_for_people_names_bundle_promotion_and_reason(mine: House) -> None:
    mine.promoted(mine.bundle.name, "[red]measured[/red] twice", override="it is a drill")
    said = models(mine, "list").stdout
    for part in (
        mine.bundle.name,
        "in force",
        "[red]measured[/red] twice",
        "[override: it is a drill]",
        "kim",
    ):
        assert part in said


def test_a_list_of_nothing_says_how_to_begin(mine: House) -> None:
    shutil.rmtree(mine.store.directory)
    done = models(mine, "list")
    assert (done.returncode, "millrace train --bootstrap" in done.stdout) == (0, True)


def test_show_gives_the_manifest_and_who_signed_it(mine: House) -> None:
    shown = answer(mine, "show", mine.bundle.name)
    manifest = orjson.loads((mine.bundle / "manifest.json").read_bytes())
    assert (shown["manifest"], shown["key_id"], shown["promotions"]) == (manifest, mine.key.key_id, [])


def test_show_for_people_names_figures_and_gates(mine: House) -> None:
    weak = mine.store.add(tiny.models(), FACTS.model_copy(update={"gates": (FAILED,)}), mine.key)
    said = models(mine, "show", weak).stdout
    for part in ("severity.macro_f1", "0.5000", "leak", "failed", "title alone", "Never promoted"):
        assert part in said


def test_verify_says_no_for_a_bundle_with_one_byte_changed(mine: House) -> None:
    other = mine.another(2)
    path = next(mine.bundle.glob("*.joblib"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = answer(mine, "verify", "--all", code=1)
    assert {each["bundle_id"]: each["problem"] for each in found} == {
        mine.bundle.name: f"{path}: was changed after it was signed: train again, or promote another bundle",
        other: None,
    }


def test_verify_opens_the_models_if_asked(mine: House) -> None:
    done = models(mine, "verify", mine.bundle.name, "--open")
    assert (done.returncode, done.stdout.split()) == (0, ["good", mine.bundle.name])


def test_diff_puts_metrics_side_by_side_and_names_what_else_differs(mine: House) -> None:
    facts = FACTS.model_copy(
        update={"metrics": {"severity.macro_f1": 0.625, "new": 1}, "parameters": {"seed": 2}}
    )
    other = mine.store.add(tiny.models(), facts, mine.key)
    found = answer(mine, "diff", mine.bundle.name, other)
    assert found["metrics"] == {
        "severity.macro_f1": {"a": 0.5, "b": 0.625, "difference": 0.125},
        "severity.rows": {"a": 60, "b": None, "difference": None},
        "new": {"a": None, "b": 1, "difference": None},
    }
    assert (found["facts"]["parameters.seed"], "libraries.numpy" in found["facts"]) == (
        {"a": 1, "b": 2},
        False,
    )
    said = models(mine, "diff", mine.bundle.name, other).stdout
    assert ("+0.1250" in said, "parameters.seed" in said) == (True, True)


def test_the_list_tells_why_a_record_is_refused_in_a_line_of_its_own(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    record = mine.store.directory / "promotions" / "0000000002.json"
    record.write_bytes(b"broken")
    mine.promoted(mine.bundle.name)
    lines = models(mine, "list").stdout.splitlines()
    reason = f"{record}: is not a signed promotion: remove it or restore it, and promote again"
    assert (lines.count(reason), [line.split() for line in lines].count(["2", "refused"])) == (1, 1)


def test_of_many_promotions_the_newest_are_shown_and_all_are_in_the_document(mine: House) -> None:
    mine.promoted(mine.bundle.name, after=10)
    records = mine.store.directory / "promotions"
    for number in range(12, 12 + HISTORY):
        (records / f"{number:010d}.json").write_bytes(b"junk")
    said = models(mine, "list").stdout
    assert (said.count("is not a signed promotion"), "1 older: --json has them" in said) == (HISTORY, True)
    assert len(answer(mine, "list")["promotions"]) == HISTORY + 1
