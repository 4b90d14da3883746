"""``millrace models``, run as a person would run it."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from millrace.cli import main
from millrace.commands.models import AFTER_LIMIT
from models import Gate
from models.promotion import SEQUENCE_LIMIT
from tests.unit import tiny
from tests.unit.models_fixture import FACTS, House, house

ROOT = Path(__file__).parents[2]
FAILED = Gate(name="leak", passed=False, reason="title alone predicts the label")
COMMANDS = ("list", "show", "verify", "diff", "promote", "rollback", "keygen")


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


def models(mine: House, *args: str, **settings: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
    state = {"PYTHONPATH": str(ROOT), "MILLRACE_STATE": str(mine.root), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "millrace", "models", *args],
        cwd=mine.root,
        env={**plain, **state, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def answer(mine: House, *args: str, code: int = 0, **settings: str) -> Any:
    """Return the JSON document; nothing else was said."""
    done = models(mine, *args, "--json", **settings)
    assert (done.returncode, done.stderr) == (code, "")
    return orjson.loads(done.stdout)


def refusal(mine: House, *args: str, **settings: str) -> str:
    """Return the one line on stderr; nothing on stdout, exit code 2."""
    done = models(mine, *args, **settings)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    return done.stderr


def test_promoted_swapped_and_rolled_back_by_commands_alone(mine: House) -> None:
    first, second = mine.bundle.name, mine.another(2)
    records = [
        answer(mine, "promote", first, "--why", "the first"),
        answer(mine, "promote", second, "--why", "better", "--who", "kim"),
        answer(mine, "rollback", "--why", "misses phishing"),
    ]
    told = [(each["sequence"], each["action"], each["bundle_id"], each["previous"]) for each in records]
    assert told == [
        (1, "promote", first, None),
        (2, "promote", second, first),
        (3, "rollback", first, second),
    ]
    listed = answer(mine, "list")
    assert (listed["in_force"], [each["sequence"] for each in listed["promotions"]]) == (first, [3, 2, 1])


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


def test_a_failed_gate_refuses_unless_a_reason_is_given_which_stays(mine: House) -> None:
    weak = mine.store.add(tiny.models(), FACTS.model_copy(update={"gates": (FAILED,)}), mine.key)
    assert "gate 'leak' failed: title alone" in refusal(mine, "promote", weak, "--why", "try")
    record = answer(mine, "promote", weak, "--why", "try", "--override", "for the drill only")
    assert (record["override"], record["gates_failed"]) == ("for the drill only", ["leak"])
    assert "against gates: leak" in models(mine, "promote", weak, "--why", "x", "--override", "drill").stdout


def test_with_two_keys_one_is_chosen(mine: House) -> None:
    made = answer(mine, "keygen", "--comment", "detection team")
    said = refusal(mine, "promote", mine.bundle.name, "--why", "x")
    assert (made["key_id"] in said, "(detection team)" in said, "choose with --key" in said) == (True,) * 3
    record = answer(mine, "promote", mine.bundle.name, "--why", "x", "--key", made["key_id"])
    assert record["key_id"] == made["key_id"]


def test_without_a_key_it_says_how_to_make_one(mine: House) -> None:
    for path in mine.keys.iterdir():
        path.unlink()
    assert "millrace models keygen" in refusal(mine, "promote", mine.bundle.name, "--why", "x")


def test_a_store_that_was_lost_is_taken_above_what_was_seen(mine: House) -> None:
    assert answer(mine, "promote", mine.bundle.name, "--why", "disk lost", "--after", "40")["sequence"] == 41


def test_the_number_above_which_to_promote_may_be_any_that_there_is(mine: House) -> None:
    assert AFTER_LIMIT == SEQUENCE_LIMIT - 1
    record = answer(mine, "promote", mine.bundle.name, "--why", "x", "--after", str(AFTER_LIMIT))
    assert record["sequence"] == SEQUENCE_LIMIT


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another account")
def test_an_account_without_a_name_promotes_as_its_number() -> None:
    free = next(each for each in range(54_321, 60_000) if each not in {one.pw_uid for one in pwd.getpwall()})
    named = ("LOGNAME", "USER", "LNAME", "USERNAME")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import os, millrace.commands.models as m; os.setuid({free}); print(m._account())",
        ],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in named},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == f"uid {free}@{os.uname().nodename}"


def test_the_list_tells_why_a_record_is_refused_in_a_line_of_its_own(mine: House) -> None:
    mine.promoted(mine.bundle.name)
    record = mine.store.directory / "promotions" / "0000000002.json"
    record.write_bytes(b"broken")
    mine.promoted(mine.bundle.name)
    lines = models(mine, "list").stdout.splitlines()
    reason = f"{record}: is not a signed promotion: remove it or restore it, and promote again"
    assert (lines.count(reason), [line.split() for line in lines].count(["2", "refused"])) == (1, 1)


def test_in_production_a_bootstrap_bundle_is_not_promoted(mine: House) -> None:
    said = refusal(mine, "promote", mine.bundle.name, "--why", "x", MILLRACE_ENV="production")
    assert "refused when MILLRACE_ENV=production" in said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("show", "0" * 16), "is not in"),
        (("show", "../keys"), "is not in"),
        (("verify",), "give the ID of one bundle, or --all"),
        (("verify", "0" * 16, "--all"), "give the ID of one bundle, or --all"),
        (("verify", "0" * 16), "is not in"),
        (("diff", "0" * 16, "1" * 16), "is not in"),
        (("promote", "0" * 16, "--why", "x"), "is not in"),
        (("promote", "0" * 16), "--why"),
        (("rollback", "--why", "x"), "none promoted"),
        (("rollback", "--why", "x", "--to", "0" * 16), "was never promoted"),
        (("promote", "0" * 16, "--why", "x", "--key", "nobody"), "no private key 'nobody'"),
    ],
    ids=" ".join,
)
def test_what_is_wrong_ends_in_one_line(mine: House, args: tuple[str, ...], said: str) -> None:
    assert said in refusal(mine, *args)


@pytest.mark.parametrize("why", ["", " ", "two\nlines", "\x1b[31m", "x" * 1001])
def test_a_reason_is_one_printable_line(mine: House, why: str) -> None:
    assert "'why'" in refusal(mine, "promote", mine.bundle.name, "--why", why)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_an_example(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert (main(["models", name, "--help"]), "Example: millrace models " in capfd.readouterr().out) == (
        0,
        True,
    )
