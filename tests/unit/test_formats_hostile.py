"""What a bad day or an attacker makes of a golden sample: an event or a dead letter with the right code."""

import orjson
import pytest

from enrich.alert import FIELD_LIMIT, Alert
from enrich.errors import DeadCode, QualityCode, Rejected
from enrich.formats import alert_from
from enrich.pipeline import process
from enrich.record import RawRecord
from millrace.samples import Sample, samples
from tests.unit.rows import context

HERE = context()
JSON = [each for each in samples() if each.value[:1] == b"{"]
of_json = pytest.mark.parametrize("sample", JSON, ids=lambda each: each.name)
of_all = pytest.mark.parametrize("sample", samples(), ids=lambda each: each.name)


def read(value: bytes) -> Alert:
    return alert_from(value, HERE.formats)


def codes(alert: Alert) -> set[str]:
    return {str(each.code) for each in alert.quality}


def refused(value: bytes) -> DeadCode:
    with pytest.raises(Rejected) as found:
        read(value)
    return found.value.code


def outcome(value: bytes) -> Alert | DeadCode:
    try:
        return read(value)
    except Rejected as error:
        return error.code


def sent(value: bytes) -> bytes:
    """The first record that comes of it, which must fit its topic."""
    (records,) = process([RawRecord("raw", 0, 1, 1_790_000_000_000, None, value)], {}, HERE, None).outputs
    assert records[0].value is not None
    assert len(records[0].value) < 2 * HERE.raw_limit + 65_536
    return records[0].value


@of_json
def test_truncated(sample: Sample) -> None:
    assert {refused(sample.value[:cut]) for cut in (1, len(sample.value) // 2, len(sample.value) - 1)} == {
        DeadCode.UNPARSEABLE
    }


@of_json
def test_concatenated(sample: Sample) -> None:
    assert refused(sample.value + sample.value) == DeadCode.UNPARSEABLE
    assert refused(sample.value + b"\n" + sample.value) == DeadCode.UNPARSEABLE


@of_json
def test_twice_encoded(sample: Sample) -> None:
    found = read(orjson.dumps(sample.value.decode()))
    assert found.format == sample.format
    assert codes(found) == codes(read(sample.value)) | {QualityCode.TWICE_ENCODED}


@of_json
def test_led_by_a_bom(sample: Sample) -> None:
    found = read(b"\xef\xbb\xbf" + sample.value)
    assert found.format == sample.format
    assert QualityCode.BOM_STRIPPED in codes(found)


@of_all
def test_led_by_a_bom_as_a_line_too(sample: Sample) -> None:
    assert read(b"\xef\xbb\xbf" + sample.value).format == sample.format


@of_json
def test_a_key_that_stands_twice_is_told_and_the_last_counts(sample: Sample) -> None:
    key = next(iter(orjson.loads(sample.value)))
    doubled = b"{" + orjson.dumps(key) + b':"decoy",' + sample.value[1:]
    found = read(doubled)
    assert QualityCode.DUPLICATE_KEYS in codes(found)
    assert found.title == read(sample.value).title


@of_json
def test_ten_thousand_keys(sample: Sample) -> None:
    doc = orjson.loads(sample.value) | {f"k{n}": n for n in range(10_000)}
    assert read(orjson.dumps(doc)).format == sample.format
    assert b"k9999" in sent(orjson.dumps(doc))


@of_json
def test_a_text_of_a_megabyte_in_every_top_level_text(sample: Sample) -> None:
    doc = orjson.loads(sample.value)
    for key in [key for key, value in doc.items() if isinstance(value, str)][:4]:
        value = orjson.dumps({**doc, key: "A" * 900_000})
        assert sent(value)
        try:
            found = read(value)
        except Rejected:
            continue  # the key tells the format
        assert len(found.title) <= FIELD_LIMIT
        assert len(found.message or "") <= FIELD_LIMIT


@of_json
def test_lone_surrogates(sample: Sample) -> None:
    found = read(sample.value[:-1] + b',"odd":"\\ud800"}')
    assert found.format == sample.format
    assert QualityCode.LONE_SURROGATE in codes(found)


@of_json
def test_a_number_out_of_range(sample: Sample) -> None:
    found = read(sample.value[:-1] + b',"odd":1e999,"zero":-0,"more":-0.0}')
    assert found.format == sample.format
    assert QualityCode.NUMBER_OUT_OF_RANGE in codes(found)


TIMES = [
    "1601-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "10000-01-01T00:00:00Z",
    "2024-02-30T00:00:00Z",
    -11_644_473_600_000,
    253_402_300_799_999,
    2**63,
    1e300,
    "",
    None,
    [],
]


@of_json
@pytest.mark.parametrize("moment", TIMES, ids=str)
def test_times_from_1601_to_9999(sample: Sample, moment: object) -> None:
    def changed(value: object, name: str = "") -> object:
        if isinstance(value, dict):
            return {key: changed(item, key) for key, item in value.items()}
        return moment if "time" in name.lower() or name in ("ts", "createdAt", "updatedAt") else value

    value = orjson.dumps(changed(orjson.loads(sample.value)))
    try:
        found = read(value)
    except Rejected:
        return  # a shape that is told by its time
    assert found.time_ms is None or 0 <= found.time_ms < 253_402_300_800_000
    event = orjson.loads(sent(value))
    assert isinstance(event["time"], int)


@of_json
def test_keys_in_another_case_are_other_keys(sample: Sample) -> None:
    value = orjson.dumps({key.swapcase(): item for key, item in orjson.loads(sample.value).items()})
    found = outcome(value)
    if isinstance(found, Alert):
        assert found.title
        assert found.rule_id
    else:
        assert found in (DeadCode.UNKNOWN_FORMAT, DeadCode.NOT_AN_ALERT)


@of_all
def test_control_characters_and_nuls_behind(sample: Sample) -> None:
    assert read(sample.value + b"\x00\x00\n").format == sample.format
