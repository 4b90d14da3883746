"""Bytes to bytes: nothing is lost, nothing raises, and the same input gives the same bytes."""

import copy

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrich.encode.schema import validate
from enrich.pipeline import PartitionState, process
from enrich.record import RawRecord, Record
from tests.unit import tiny

LINES = [tiny.line(i) for i in range(1_000)]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def run(
    records: list[RawRecord], cuts: list[int], states: dict[int, PartitionState]
) -> list[tuple[Record, ...]]:
    out: list[tuple[Record, ...]] = []
    for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        out += process(records[start:end], states, tiny.context(), tiny.models()).outputs
    return out


@pytest.fixture(scope="module")
def whole() -> list[tuple[Record, ...]]:
    return run(tiny.records(LINES), [], {})


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_any_bytes_give_an_event_or_a_dead_letter_and_never_an_exception(values: list[bytes]) -> None:
    batch = process(tiny.records(values), {}, tiny.context(), tiny.models())
    for value, outputs in zip(values, batch.outputs, strict=True):
        assert outputs[0].route in ("enriched", "dead")
        assert outputs[0].route == "enriched" or outputs[0].value == value


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(json_values, json_values, json_values, json_values)
def test_any_values_in_an_alerts_fields_give_a_valid_event(
    a: object, b: object, c: object, d: object
) -> None:
    import json

    doc = orjson.loads(tiny.suricata(0))
    doc.update(timestamp=a, src_ip=b, dest_port=c)
    doc["alert"].update(signature=d, signature_id=b, severity=a, metadata=c)
    value = json.dumps(doc).encode("utf-8", "surrogatepass")
    (outputs,) = process(tiny.records([value]), {}, tiny.context(), tiny.models()).outputs
    for record in outputs:
        if record.route != "dead":
            assert validate(orjson.loads(record.value)) == []


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 300), max_size=8))
def test_the_bytes_do_not_depend_on_how_the_records_were_cut(
    whole: list[tuple[Record, ...]], cuts: list[int]
) -> None:
    assert run(tiny.records(LINES[:300]), sorted(cuts), {}) == whole[:300]


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_the_bytes_are_the_same_at_every_batch_size(size: int, whole: list[tuple[Record, ...]]) -> None:
    count = 120 if size == 1 else 1_000
    assert run(tiny.records(LINES[:count]), list(range(size, count, size)), {}) == whole[:count]


@settings(max_examples=20, deadline=None)
@given(saved=st.integers(0, 200), beyond=st.integers(0, 100), again=st.integers(0, 100))
def test_a_rewind_to_a_saved_state_gives_the_same_bytes_again(
    whole: list[tuple[Record, ...]], saved: int, beyond: int, again: int
) -> None:
    records = tiny.records(LINES[:300])
    states: dict[int, PartitionState] = {}
    run(records[:saved], [], states)
    kept = copy.deepcopy(states)
    run(records[saved : saved + beyond], [], states)
    assert run(records[saved : saved + again], [], kept) == whole[saved : saved + again]


def test_records_read_again_below_the_head_are_not_folded_twice(whole: list[tuple[Record, ...]]) -> None:
    records = tiny.records(LINES[:200])
    states: dict[int, PartitionState] = {}
    run(records[:100], [], states)
    assert run(records[50:200], [], states) == [()] * 50 + whole[100:200]


def test_partitions_do_not_see_each_other() -> None:
    one = tiny.records(LINES[:100], partition=0)
    two = tiny.records(LINES[50:150], partition=1)
    context, models = tiny.context(partitions=2), tiny.models()
    mixed = [record for pair in zip(one, two, strict=True) for record in pair]
    together = process(mixed, {}, context, models).outputs
    assert together[0::2] == process(one, {}, context, models).outputs
    assert together[1::2] == process(two, {}, context, models).outputs


def test_a_tombstone_is_skipped_and_counted() -> None:
    batch = process(tiny.records([None, LINES[1]]), {}, tiny.context(), tiny.models())
    assert batch.outputs[0] == ()
    assert (batch.counts["tombstone"], batch.counts["enriched"]) == (1, 1)


def test_an_oversize_record_is_a_dead_letter_with_its_original_bytes() -> None:
    value = tiny.suricata(0, payload="x" * 5_000)
    (outputs,) = process(tiny.records([value]), {}, tiny.context(raw_limit=4_096), None).outputs
    headers = dict(outputs[0].headers)
    assert (outputs[0].route, outputs[0].value) == ("dead", value)
    assert headers["millrace-code"] == b"oversize"
    assert headers["millrace-offset"] == b"0"


def test_a_dead_letter_that_no_topic_would_take_back_is_cut_and_says_so() -> None:
    value = b"x" * 10_000
    record = tiny.records([value])[0]._replace(key=b"k" * 20_000, headers=(("millrace-attempt", b"9" * 99),))
    (outputs,) = process([record], {}, tiny.context(raw_limit=4_096), None).outputs
    headers = dict(outputs[0].headers)
    assert (outputs[0].value, outputs[0].key) == (value[:4_096], None)
    assert (headers["millrace-size"], headers["millrace-attempt"]) == (b"10000", b"1")


def test_words_that_an_attacker_can_write_do_not_take_an_alert_out_of_what_the_models_know() -> None:
    plain, padded = (
        orjson.loads(process(tiny.records([line]), {}, tiny.context(), tiny.models()).outputs[0][0].value)
        for line in (
            tiny.suricata(1),
            tiny.suricata(1, http={"url": "/" + "-".join(f"zz{i}" for i in range(90))}),
        )
    )
    statuses = [event["unmapped"]["millrace"]["confidence"]["status"] for event in (plain, padded)]
    assert statuses == ["measured", "measured"]


def test_a_redriven_record_keeps_its_first_uid() -> None:
    first = "ab" * 16
    record = tiny.records([LINES[1]])[0]._replace(headers=(("millrace-uid", first.encode()),), offset=77)
    (outputs,) = process([record], {}, tiny.context(), None).outputs
    assert orjson.loads(outputs[0].value)["metadata"]["uid"] == first


def test_a_forged_uid_header_is_not_taken_over() -> None:
    record = tiny.records([LINES[1]])[0]._replace(
        headers=(("millrace-uid", b"<script>alert(1)</script>/......"),)
    )
    (outputs,) = process([record], {}, tiny.context(), None).outputs
    assert orjson.loads(outputs[0].value)["metadata"]["uid"].isalnum()


class Raises:
    """A severity model that raises on rows whose text holds a word."""

    def __init__(self, real: object, column: int) -> None:
        self.real, self.column, self.classes_ = real, column, real.classes_  # type: ignore[attr-defined]

    def predict_proba(self, X: object) -> object:
        if (X[:, self.column] > 0).any():  # type: ignore[index]
            raise ValueError("no")
        return self.real.predict_proba(X)  # type: ignore[attr-defined]


def test_a_row_on_which_a_model_raises_goes_out_unscored_and_the_others_scored() -> None:
    from dataclasses import replace

    models = tiny.models()
    (head,) = models.heads
    column = head.vocabulary.parts[0].vectorizer.vocabulary_["sshd"]
    broken = replace(models, heads=(replace(head, severity=Raises(head.severity, column), _texts={}),))
    lines = [LINES[i] for i in range(1, 31) if i % 11]
    batch = process(tiny.records(lines), {}, tiny.context(), broken)
    statuses = {
        orjson.loads(outputs[0].value)["unmapped"]["millrace"]["format"]: orjson.loads(outputs[0].value)[
            "unmapped"
        ]["millrace"]["confidence"]["status"]
        for outputs in batch.outputs
    }
    assert statuses["wazuh"] == "unscored"
    assert statuses["suricata"] != "unscored"
    assert batch.counts["quality.score_failed"] == sum(b"sshd" in line for line in lines)


def test_passthrough_says_in_every_event_that_it_is_unscored() -> None:
    batch = process(tiny.records(LINES[1:4]), {}, tiny.context(), None)
    for outputs in batch.outputs:
        event = orjson.loads(outputs[0].value)
        assert event["unmapped"]["millrace"]["confidence"]["status"] == "unscored"
        assert "anomaly_analyses" not in event


def test_an_alert_from_the_future_is_flagged_and_does_not_move_the_watermark() -> None:
    states: dict[int, PartitionState] = {}
    future = tiny.suricata(0, timestamp="2099-01-01T00:00:00+0000")
    batch = process(tiny.records([LINES[1], future]), states, tiny.context(), None)
    assert batch.counts["quality.time_in_future"] == 1
    assert states[0].history.watermark_ms < tiny.T0 + 86_400_000  # type: ignore[operator]
