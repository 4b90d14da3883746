"""`millrace lint` as a person and as a program call it."""

import gzip
import io
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from enrich.lint import findings
from millrace import linted
from millrace.cli import main
from tests.unit.feeds import DAY_MS, START_MS, eve, report, stamp, wazuh

ROOT = Path(__file__).parents[2]
EVIL = "\x1b]0;owned\x07\x1b[2J\r\x9b1A [link=http://x]y[/link] \u202eexe.png\n"


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in os.environ:
        if name.startswith("MILLRACE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MILLRACE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(room: Path, rows: list[bytes], name: str = "feed.jsonl") -> str:
    (room / name).write_bytes(b"\n".join(rows) + b"\n")
    return name


def document(capfd: pytest.CaptureFixture[str], *args: str) -> Any:
    code = main(["lint", *args, "--json"])
    out, err = capfd.readouterr()
    assert (code, err) == (0, "")
    return orjson.loads(out)


def codes(doc: Any) -> list[str]:
    return [finding["code"] for finding in doc["findings"]]


def printed(rows: list[bytes], width: int = 160) -> str:
    """What a terminal would get, without the colours."""
    out = io.StringIO()
    found = report(rows)
    console = Console(file=out, width=width, markup=False, emoji=False, highlight=False, no_color=True)
    linted.show(console, found, findings(found), "feed")
    return out.getvalue()


def test_a_person_sees_formats_sources_findings_and_their_number(
    room: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    feed = written(room, [*(eve(i) for i in range(150)), b"{no", *(wazuh(i) for i in range(150, 200))])
    assert main(["lint", feed]) == 0
    text = capfd.readouterr().out
    assert text.startswith("feed.jsonl: 201 rows, 200 alerts (99.5 %)\n")
    for words in (
        "suricata",
        "sensor-1",
        "web-1",
        "unparseable",
        "line 151",
        "mend the producer",
        "1 warning\n",
    ):
        assert words in text


def test_a_sound_feed_says_that_nothing_was_found(room: Path, capfd: pytest.CaptureFixture[str]) -> None:
    main(["lint", written(room, [eve(i) for i in range(50)])])
    assert capfd.readouterr().out.endswith("nothing found\n")


def test_an_empty_feed_is_an_error(room: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", written(room, []), "--strict"]) == 1
    assert "there is no row" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("rows", "code"), [([b"no"], 1), ([eve(1, src_ip="x")], 0)], ids=["error", "warning"]
)
def test_strict_says_no_where_there_is_an_error(
    room: Path, capfd: pytest.CaptureFixture[str], rows: list[bytes], code: int
) -> None:
    feed = written(room, rows)
    assert (main(["lint", feed, "--strict"]), main(["lint", feed])) == (code, 0)
    capfd.readouterr()


def test_gzip_and_standard_input_are_read_as_files_are(room: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [eve(i) for i in range(20)]
    plain = document(capfd, written(room, rows))
    (room / "feed.gz").write_bytes(gzip.compress(b"\n".join(rows)))
    assert {**document(capfd, "feed.gz"), "feed": plain["feed"]} == plain
    done = subprocess.run(
        [sys.executable, "-m", "millrace", "lint", "-", "--json"],
        input=b"\n".join(rows),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert {**orjson.loads(done.stdout), "feed": plain["feed"]} == plain


def test_lines_are_numbered_as_an_editor_numbers_them(room: Path, capfd: pytest.CaptureFixture[str]) -> None:
    doc = document(capfd, written(room, [eve(1), b"", b"  ", b"{no"]))
    assert (doc["rows"], doc["findings"][0]["place"]) == (2, {"line": 4})


def test_a_limit_takes_the_first_rows_of_a_file(room: Path, capfd: pytest.CaptureFixture[str]) -> None:
    feed = written(room, [eve(1), eve(2), b"{no"])
    assert (document(capfd, feed, "--limit", "2")["rows"], document(capfd, feed)["rows"]) == (2, 3)


def test_labels_can_be_taken_out(room: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [eve(7, label=i) for i in range(20)]
    doc = document(capfd, written(room, rows), "--strip", "label")
    assert doc["repeats"]["rows"] == 19


def test_now_decides_what_is_the_future_of_a_file(room: Path, capfd: pytest.CaptureFixture[str]) -> None:
    feed = written(room, [eve(i) for i in range(20)])
    assert codes(document(capfd, feed, "--now", stamp(START_MS - DAY_MS))) == ["time_in_future"]
    assert codes(document(capfd, feed)) == []


def test_what_is_beyond_the_clock_is_the_future(room: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ahead = int(time.time() * 1000) + DAY_MS
    feed = written(room, [eve(i, timestamp=stamp(ahead + i)) for i in range(20)])
    assert codes(document(capfd, feed)) == ["time_in_future"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "give one of them"),
        (["x", "--topic", "y"], "give one of them"),
        (["x", "--since", "2h"], "go with --topic"),
        (["x", "--from", "7"], "go with --topic"),
        (["--topic", "x", "--now", "2h"], "go with a file"),
        (["--topic", "x", "--strip", "label"], "go with a file"),
        (["--topic", "x", "--since", "2h", "--from", "7"], "give one of them"),
        (["x", "--now", "soon"], "--now 'soon': give a time such as"),
        (["x", "--limit", "0"], "--limit"),
        (["nothing.json"], "nothing.json: No such file"),
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_one_line_that_says_what_to_do(
    args: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, (out, err) = main(["lint", *args]), capfd.readouterr()
    assert (code, out, err.count("\n"), words in err) == (2, "", 1, True)


def obeyed(text: str) -> list[str]:
    """Characters that a terminal would obey."""
    return [c for c in text if (ord(c) < 0x20 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c == "\u202e"]


def test_no_text_of_a_feed_reaches_a_terminal_as_it_is() -> None:
    rows = [
        *(wazuh(i, agent=EVIL, mitre={"id": [EVIL], "tactic": [EVIL]}) for i in range(50)),
        *(wazuh(i, timestamp=EVIL, level=EVIL) for i in range(50)),
        *(eve(i, alert={"severity": EVIL}, host=EVIL) for i in range(50)),
        *(orjson.dumps({EVIL: 1}) for _ in range(50)),
        *(
            orjson.dumps(
                {
                    "ts": stamp(START_MS),
                    "detector": EVIL,
                    "name": "n",
                    "ip": "10.0.0.1",
                    "host": EVIL,
                    "code": "c",
                }
            )
            for _ in range(9)
        ),
    ]
    text = printed(rows)
    assert "␛" in text
    assert obeyed(text) == []


@pytest.mark.parametrize("width", [60, 100, 200])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    text = printed([*(eve(i) for i in range(30)), *(b'{"key%d":1}' % i for i in range(30))], width)
    assert max(len(line) for line in text.splitlines()) <= width


def keys(value: Any, at: str = "") -> set[str]:
    """Names of all keys, with those they are under; the keys of counts by name are no names."""
    if isinstance(value, list):
        return set().union(*(keys(each, at) for each in value))
    if not isinstance(value, dict):
        return set()
    if at.rpartition(".")[2] in ("times", "fields", "levels"):
        return set()
    return set().union(
        *({f"{at}.{key}".lstrip(".")} | keys(inner, f"{at}.{key}") for key, inner in value.items())
    )


def test_the_document_has_the_keys_that_are_documented(room: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [*(wazuh(i, mitre={"id": ["T1086"]}) for i in range(30)), b"{no", b'{"a":1}', eve(1, src_ip="x")]
    doc = document(capfd, written(room, rows))
    text = (ROOT / "docs" / "lint.md").read_text("utf-8")
    names = {path.rpartition(".")[2] for path in keys(doc)}
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []
    assert doc["version"] == linted.VERSION == 1
    assert list(doc) == [
        *("version", "feed", "rows", "bytes", "alerts", "tombstones", "end_ms", "levels", "findings", "dead"),
        *("unknown", "formats", "attack", "repeats", "sources", "sources_beyond"),
    ]
    assert list(doc["findings"][0]) == ["level", "code", "about", "rows", "share", "place", "text"]


def test_places_of_a_topic_are_partition_and_offset() -> None:
    found = report([b"{no", *(eve(i) for i in range(9))], partitions=2)
    doc = linted.document(found, findings(found), "alerts.raw")
    assert doc["findings"][0]["place"] == {"partition": 0, "offset": 0}


def test_the_example_in_the_document_is_what_the_command_prints(
    room: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "lint.md").read_text("utf-8")
    example = re.search(r"```text\n(.*?)```", text, re.DOTALL)
    assert example is not None
    main(["generate", "--count", "2000", "--days", "2", "--out", "alerts.jsonl"])
    main(["lint", "alerts.jsonl"])
    printed_now = capfd.readouterr().out
    assert example[1].splitlines()[0] == printed_now.splitlines()[0]
    rows = re.compile(r"^(?:error|warning|note) +\w+ +\S+", re.MULTILINE)
    assert rows.findall(example[1]) == rows.findall(printed_now)
