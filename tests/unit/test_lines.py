"""Lines in: plain, gzip, pipes, broken files, labels taken out."""

import gzip
import os
import threading
from pathlib import Path

import pytest

from enrich.errors import SettingsWrong
from millrace.lines import numbered_lines, without_keys


def test_blank_lines_are_skipped_and_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"one\n\n  \r\ntwo\r\nthree")
    assert list(numbered_lines(file)) == [(1, b"one"), (4, b"two"), (5, b"three")]


def test_gzip_is_read_whatever_the_file_is_called(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(gzip.compress(b"one\ntwo\n"))
    assert [line for _, line in numbered_lines(file)] == [b"one", b"two"]


def test_a_named_pipe_can_be_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"one\n"))
    writer.start()
    assert list(numbered_lines(pipe)) == [(1, b"one")]
    writer.join()


def test_gzip_that_breaks_off_is_told_with_the_last_line_that_was_read(tmp_path: Path) -> None:
    file = tmp_path / "a.gz"
    file.write_bytes(gzip.compress(os.urandom(50_000).hex().encode() * 3 + b"\n" + b"x" * 9)[:-30])
    with pytest.raises(SettingsWrong, match="broken gzip after line"):
        list(numbered_lines(file))


def test_a_missing_file_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="No such file"):
        numbered_lines(tmp_path / "none")


@pytest.mark.parametrize("line", [b"not json", b"[1]", b'{"a":1}', b'{"a": 1, "b": {"label": 2}}'])
def test_a_line_without_the_keys_keeps_its_bytes(line: bytes) -> None:
    assert without_keys(line, ["label"]) == line


def test_top_level_keys_are_taken_out() -> None:
    assert without_keys(b'{"a": 1, "label": 2}', ["label", "phase"]) == b'{"a":1}'
