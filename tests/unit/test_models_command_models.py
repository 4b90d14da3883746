"""``millrace models``, run as a person would run it."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from millrace.cli import main
from millrace.commands.models import AFTER_LIMIT
from models import Gate
from models.promotion import SEQUENCE_LIMIT
from tests.unit import tiny
from tests.unit.models_called import Done, answer, environment, models, refusal
from tests.unit.models_fixture import FACTS, House, house

ROOT = Path(__file__).parents[2]
FAILED = Gate(name="leak", passed=False, reason="title alone predicts the label")
COMMANDS = ("list", "show", "verify", "diff", "promote", "rollback", "keygen")


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


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


@pytest.mark.parametrize(("bundle", "code"), [("", 0), ("0" * 16, 2)], ids=["done", "refused"])
def test_a_process_of_its_own_says_the_same(mine: House, bundle: str, code: int) -> None:
    args = ("show", bundle or mine.bundle.name, "--json")
    with environment(mine) as given:
        done = subprocess.run(
            [sys.executable, "-m", "millrace", "models", *args],
            env={**given, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert Done(done.returncode, done.stdout, done.stderr) == models(mine, *args)
    assert done.returncode == code


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


def test_a_promotion_is_for_the_installation_of_the_settings(mine: House) -> None:
    said = answer(mine, "promote", mine.bundle.name, "--why", "x", MILLRACE_SOURCE="staging")
    assert said["installation"] == "staging"
    listed = answer(mine, "list", MILLRACE_SOURCE="prod")
    assert (listed["in_force"], "is for installation 'staging'" in listed["problem"]) == (None, True)


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
