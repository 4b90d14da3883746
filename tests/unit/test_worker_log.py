"""The log: JSON lines on stderr, and what may not be in them is not."""

import io
import json
import logging
from typing import Any

import pytest

from enrich.errors import MillraceError
from worker.log import configure, log
from worker.settings import Settings

QUOTED = "4111-1111-1111-1111"


@pytest.fixture
def logged() -> Any:
    """What was logged, a document each."""
    configure(Settings(log_level="debug"), json=True)
    stream = io.StringIO()
    handler = logging.root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_a_json_document_with_time_level_and_event_first(logged: Any) -> None:
    log.info("assigned", partitions=[0, 1])
    line = logged()[0]
    assert (list(line)[:3], line["partitions"]) == (["timestamp", "level", "event"], [0, 1])


def test_an_exception_is_told_by_class_and_frames_never_by_its_text(logged: Any) -> None:
    try:
        raise KeyError(QUOTED)
    except KeyError:
        log.exception("failed")
    line = logged()[0]
    assert (line["error"], "test_worker_log.py" in line["frames"][-1], QUOTED in json.dumps(line)) == (
        "KeyError",
        True,
        False,
    )


def test_our_own_errors_are_told_by_their_text_without_frames(logged: Any) -> None:
    try:
        raise MillraceError("start a broker")
    except MillraceError:
        logging.getLogger("faust").exception("crashed")
    line = logged()[0]
    assert (line["error"], "frames" in line) == ("start a broker", False)


@pytest.mark.parametrize("name", ["kafka.producer", "aiokafka.producer.producer", "faust.transport"])
def test_the_clients_may_not_print_records_at_level_debug(name: str, logged: Any) -> None:
    logging.getLogger(name).debug("Sending (key=%r value=%r)", None, QUOTED)
    assert logged() == []


def test_of_a_library_only_the_first_line_is_kept(logged: Any) -> None:
    logging.getLogger("faust").warning("\n+Subscribed to topic---+\n| alerts.raw |")
    assert logged()[0]["event"] == "+Subscribed to topic---+"


def test_a_library_that_repeats_itself_is_told_once(logged: Any) -> None:
    for _ in range(1000):
        logging.getLogger("aiokafka.cluster").error("Topic %s not found", "alerts.raw")
    assert len(logged()) == 1


def test_our_own_words_are_never_held_back(logged: Any) -> None:
    for _ in range(3):
        log.warning("produce_retry")
    assert len(logged()) == 3
