"""What is said of a broker that ended."""

from pathlib import Path

import pytest

from enrich.errors import SettingsWrong
from worker.broker.log import begin, trouble

AT = "2026-11-21T08:03:14.339Z [main]"


def test_the_innermost_cause_is_told() -> None:
    text = (
        f"{AT} ERROR kafka.Kafka$ - Exiting\njava.lang.RuntimeException: no\nCaused by: one\nCaused by: two\n"
    )
    assert trouble(text) == "two"


def test_an_exception_is_told_before_the_line_that_logs_it() -> None:
    text = f"{AT} ERROR kafka.Kafka$ - Exiting\njava.lang.RuntimeException: node 77\n\tat kafka.Kafka.main\n"
    assert trouble(text) == "java.lang.RuntimeException: node 77"


def test_an_uncaught_exception_is_told_and_not_its_stack() -> None:
    text = 'Exception in thread "main" java.lang.IllegalArgumentException: no\n\tat kafka.Kafka.main\n'
    assert trouble(text).endswith("IllegalArgumentException: no")


def test_exceptions_of_an_orderly_end_are_not_taken_for_the_reason() -> None:
    text = f"{AT} ERROR kafka.Kafka$ - Exiting\n{AT} INFO q - unable because of RejectedExecutionException\n"
    assert trouble(text).endswith("Exiting")


def test_a_silent_end_is_told_as_one() -> None:
    assert trouble(" \n") == "it said nothing"


def test_what_is_told_is_short() -> None:
    assert len(trouble("x" * 10_000)) == 300


def test_the_last_log_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    log = tmp_path / "log" / "main.log"
    begin(log).write_text("first")
    begin(log)
    assert (log.read_text(), (tmp_path / "log" / "main.log.1").read_text()) == ("", "first")


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsWrong, match=r"main\.log"):
        begin(tmp_path / "file" / "main.log")
