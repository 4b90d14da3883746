"""`millrace score` as a process: order, dead letters, partitions, and what it says of a wrong call."""

import os
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import orjson
import pytest

from tests.unit import tiny

ROOT = Path(__file__).parents[2]
LINES = [tiny.line(i) for i in range(60)]


def score(room: Path, *words: str, given: bytes = b"", **settings: str) -> subprocess.CompletedProcess[bytes]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
    ours = {"MILLRACE_STATE": str(room / "state"), "MILLRACE_ON_BUNDLE_ERROR": "passthrough", **settings}
    return subprocess.run(
        [sys.executable, "-m", "millrace", "score", *words],
        cwd=room,
        env={**clean, **ours, "PYTHONPATH": str(ROOT)},
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
    )


def titles(output: bytes) -> list[str]:
    return [orjson.loads(line)["metadata"]["original_time"] for line in output.splitlines()]


@pytest.mark.parametrize("partitions", ["1", "6"])
def test_events_come_out_in_the_order_of_the_lines(tmp_path: Path, partitions: str) -> None:
    done = score(tmp_path, "-", "--partitions", partitions, given=b"\n".join(LINES))
    assert done.returncode == 0
    times = titles(done.stdout)
    assert len(times) == sum(b"not json" not in line for line in LINES)
    assert times == sorted(times)


def test_dead_letters_go_to_their_file_with_the_original_bytes(tmp_path: Path) -> None:
    done = score(tmp_path, "-", "--dead", "dead.jsonl", "--json", given=b"\n".join(LINES))
    letters = [orjson.loads(line) for line in (tmp_path / "dead.jsonl").read_bytes().splitlines()]
    broken = [line for line in LINES if b"not json" in line]
    assert [b64decode(letter["value"]) for letter in letters] == broken
    assert {letter["code"] for letter in letters} == {"unparseable"}
    summary = orjson.loads(done.stderr.splitlines()[-1])
    assert (summary["in"], summary["dead"]) == (len(LINES), len(broken))


def test_the_source_stands_for_the_topic_in_the_ids(tmp_path: Path) -> None:
    one, same, other = (
        orjson.loads(score(tmp_path, "-", "--source", name, given=LINES[1]).stdout)["metadata"]["uid"]
        for name in ("a", "a", "b")
    )
    assert one == same != other


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give one of them"),
        (("-", "--from", "3"), "go with --topic"),
        (("nowhere.json",), "No such file"),
        (("-", "--dead", "no/such/dir"), "--dead no/such/dir"),
        (("--topic", "t", "--from", "soon"), "--from 'soon'"),
    ],
)
def test_a_wrong_call_ends_with_one_line_that_says_what_to_do(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = score(tmp_path, *words)
    errors = [line for line in done.stderr.decode().splitlines() if line.startswith("millrace: ")]
    assert done.returncode == 2
    assert len(errors) == 1
    assert said in errors[0]


def test_without_a_bundle_it_says_how_to_make_one(tmp_path: Path) -> None:
    done = score(tmp_path, "-", MILLRACE_ON_BUNDLE_ERROR="stop")
    assert done.returncode == 2
    assert b"millrace train --bootstrap" in done.stderr


def test_the_file_to_read_is_not_taken_for_the_dead_letters(tmp_path: Path) -> None:
    file = tmp_path / "alerts.jsonl"
    file.write_bytes(LINES[1])
    done = score(tmp_path, "alerts.jsonl", "--dead", "alerts.jsonl")
    assert (done.returncode, file.read_bytes()) == (2, LINES[1])


def test_a_full_disk_is_one_line_and_no_bug(tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "millrace", "generate", "--count", "5000"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert b"No space left on device" in done.stderr


def test_the_tables_of_the_settings_are_used_and_a_missing_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("203.0.113.0/24\n")
    lists = f"mine={tmp_path / 'list.txt'},gone={tmp_path / 'gone.txt'}"
    done = score(tmp_path, "-", given=tiny.suricata(0), MILLRACE_BLOCKLISTS=lists)
    told = orjson.loads(done.stdout)["unmapped"]["millrace"]["tables"]
    assert [(each["source"], each["value"]["match"]) for each in told] == [("mine", "203.0.113.0/24")]
    assert b"blocklist:gone" in done.stderr
