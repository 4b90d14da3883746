"""The event of every golden sample is a valid OCSF 1.8.0 Detection Finding; the core takes it all the way."""

import orjson
import pytest

from enrich.encode.schema import validate
from enrich.pipeline import process
from enrich.record import RawRecord
from enrich.redact import Redaction
from millrace.samples import Sample, samples
from tests.unit.rows import context

HERE = context()
REDACTED = context(redaction=Redaction("redacted", b"a key of 16 bytes"))


def event(sample: Sample, redacted: bool = False) -> tuple[bytes, dict[str, object]]:
    record = RawRecord("raw", 0, 1, 1_790_000_000_000, None, sample.value)
    batch = process([record], {}, REDACTED if redacted else HERE, None)
    (enriched, *_) = batch.outputs[0]
    assert enriched.route == "enriched", sample.name
    assert enriched.value is not None
    return enriched.value, orjson.loads(enriched.value)


@pytest.mark.parametrize("sample", samples(), ids=lambda each: each.name)
def test_the_event_of_a_sample_is_valid(sample: Sample) -> None:
    _, doc = event(sample)
    assert validate(doc) == []


@pytest.mark.parametrize("sample", samples(), ids=lambda each: each.name)
def test_the_event_of_a_sample_is_valid_when_it_is_redacted(sample: Sample) -> None:
    _, doc = event(sample, redacted=True)
    assert validate(doc) == []


@pytest.mark.parametrize("sample", samples(), ids=lambda each: each.name)
def test_a_sample_gives_the_same_bytes_again(sample: Sample) -> None:
    assert event(sample)[0] == event(sample)[0]
