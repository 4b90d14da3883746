"""``millrace keys``, run as a person would run it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from models import new_key
from models.keys import private_path

ROOT = Path(__file__).parents[2]


def keys(state: Path, *args: str, **settings: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
    return subprocess.run(
        [sys.executable, "-m", "millrace", "keys", *args],
        cwd=state,
        env={**plain, "PYTHONPATH": str(ROOT), "MILLRACE_STATE": str(state), "NO_COLOR": "1", **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def listed(state: Path, **settings: str) -> list[dict[str, Any]]:
    done = keys(state, "list", "--json", **settings)
    assert (done.returncode, done.stderr) == (0, "")
    rows: list[dict[str, Any]] = orjson.loads(done.stdout)
    return rows


def test_a_new_key_is_listed_as_trusted_and_kept_here(tmp_path: Path) -> None:
    made = orjson.loads(keys(tmp_path, "new", "--comment", "detection team", "--json").stdout)
    assert listed(tmp_path) == [
        {
            "key_id": made["key_id"],
            "trusted": True,
            "bootstrap": False,
            "private": True,
            "comment": "detection team",
        }
    ]


def test_a_key_of_another_host_is_trusted_by_its_file_and_distrusted_by_its_id(tmp_path: Path) -> None:
    key = new_key(tmp_path / "theirs", tmp_path / "public", comment="host B")
    keys(tmp_path, "trust", str(tmp_path / "public" / f"{key.key_id}.json"))
    trusted = [row["key_id"] for row in listed(tmp_path)]
    keys(tmp_path, "distrust", key.key_id)
    assert (trusted, listed(tmp_path)) == ([key.key_id], [])


def test_in_production_a_bootstrap_key_is_listed_as_not_trusted(tmp_path: Path) -> None:
    new_key(tmp_path / "keys", tmp_path / "trust", comment="", bootstrap=True)
    assert [row["trusted"] for row in listed(tmp_path, MILLRACE_ENV="production")] == [False]


def test_a_list_for_people_shows_the_comment(tmp_path: Path) -> None:
    new_key(tmp_path / "keys", tmp_path / "trust", comment="[red]team[/red]")
    assert "[red]team[/red]" in keys(tmp_path, "list").stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("trust", "nothing.json"), "nothing.json: is missing"),
        (("distrust", "0123456789abcdef"), "millrace keys list"),
        (("new", "--comment", "two\nlines"), "one line of at most"),
    ],
)
def test_what_is_wrong_ends_in_one_line(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    done = keys(tmp_path, *args)
    assert (done.returncode, done.stdout, done.stderr.count("\n"), said in done.stderr) == (2, "", 1, True)


def test_a_private_key_is_not_trusted_by_mistake(tmp_path: Path) -> None:
    key = new_key(tmp_path / "keys", tmp_path / "trust", comment="")
    done = keys(tmp_path, "trust", str(private_path(tmp_path / "keys", key.key_id)))
    assert (done.returncode, "is a private key" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", ["list", "new", "trust", "distrust"])
def test_every_help_has_an_example(tmp_path: Path, name: str) -> None:
    assert "Example: millrace keys " in keys(tmp_path, name, "--help").stdout
