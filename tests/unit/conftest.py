"""What several unit tests look at."""

import io
import logging
import sys
from collections.abc import Iterator

import pytest

from worker.log import configure
from worker.settings import Settings


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that goes to the log, as JSON lines."""
    configure(Settings(), json=True)
    stream = io.StringIO()
    handler = logging.root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    handler.setStream(sys.stderr)
