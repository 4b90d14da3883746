"""Whatever the alert: the event is valid, its bytes are a function of the arguments, its pointers point."""

from dataclasses import replace
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from enrich.encode.ocsf import encode, event
from enrich.encode.schema import validate
from enrich.row import Decision, Row, Score
from tests.unit import rows
from tests.unit.any_row import any_row, decisions, scores

CONTEXT = rows.context()


def values_at(doc: Any, steps: list[str]) -> list[Any]:
    """Return all values at a dotted path, through lists."""
    if isinstance(doc, list):
        return [value for item in doc for value in values_at(item, steps)]
    if not steps:
        return [doc]
    return values_at(doc[steps[0]], steps[1:]) if steps[0] in doc else []


@given(any_row(), scores, decisions)
def test_any_alert_gives_a_valid_event(row: Row, score: Score, decision: Decision) -> None:
    for value in encode(row, score, decision, CONTEXT):
        assert value is None or validate(orjson.loads(value)) == []


@given(any_row(), scores, decisions)
def test_every_observable_stands_at_the_path_that_it_names(
    row: Row, score: Score, decision: Decision
) -> None:
    doc = event(row, score, decision, CONTEXT)
    for observable in doc.get("observables", ()):
        assert observable["value"] in values_at(doc, observable["name"].split("."))


@given(any_row(), scores, decisions)
def test_no_observable_is_told_twice(row: Row, score: Score, decision: Decision) -> None:
    told = [(o["type_id"], o["value"]) for o in event(row, score, decision, CONTEXT).get("observables", ())]
    assert len(told) == len(set(told))


@given(any_row(), scores, decisions)
def test_the_same_arguments_give_the_same_bytes(row: Row, score: Score, decision: Decision) -> None:
    assert encode(row, score, decision, CONTEXT) == encode(replace(row), score, decision, rows.context())


@given(any_row(), scores, decisions)
def test_event_is_what_encode_writes(row: Row, score: Score, decision: Decision) -> None:
    assert encode(row, score, decision, CONTEXT)[0] == orjson.dumps(event(row, score, decision, CONTEXT))


@given(st.binary(max_size=200), st.integers(0, 200))
def test_raw_data_is_a_prefix_of_the_original_that_cuts_no_character(raw: bytes, keep: int) -> None:
    doc = event(rows.row(rows.BARE, raw), rows.UNSCORED, rows.LOW, rows.context(raw_keep=keep))
    whole = raw.decode("utf-8", "backslashreplace")
    assert whole.startswith(doc["raw_data"])


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.integers(0, 250))
def test_a_cut_within_a_character_is_no_damage(text: str, keep: int) -> None:
    doc = event(rows.row(rows.BARE, text.encode()), rows.UNSCORED, rows.LOW, rows.context(raw_keep=keep))
    codes = [quality["code"] for quality in doc["unmapped"]["millrace"]["quality"]]
    assert codes == (["raw_truncated"] if len(text.encode()) > keep else [])


@given(any_row(), scores, decisions)
def test_our_own_object_always_has_the_same_fields(row: Row, score: Score, decision: Decision) -> None:
    own = event(row, score, decision, CONTEXT)["unmapped"]["millrace"]
    full = event(rows.row(rows.FULL), rows.SCORE, rows.LOW, CONTEXT)["unmapped"]["millrace"]
    assert (list(own), list(own["history"])) == (list(full), list(full["history"]))
