"""Dotted keys: one view of a document, however it is spelled."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.errors import Quality, QualityCode
from enrich.formats.nested import LEVELS, nested, one, section, sections, unwrapped


def test_a_document_without_dotted_keys_is_given_back_itself() -> None:
    doc = {"a": {"b.c": 1}}
    assert nested(doc) is doc


def test_dotted_keys_become_levels_beside_what_is_nested() -> None:
    doc = {"host": {"name": "a"}, "host.ip": "192.0.2.1", "kibana.alert.rule.name": "r"}
    assert nested(doc) == {
        "host": {"name": "a", "ip": "192.0.2.1"},
        "kibana": {"alert": {"rule": {"name": "r"}}},
    }


def test_what_is_nested_goes_before_what_is_dotted_whatever_their_order() -> None:
    views = [nested({"a.b": 1, "a": {"b": 2}}), nested({"a": {"b": 2}, "a.b": 1})]
    assert [view["a"]["b"] for view in views] == [2, 2]


def test_a_dotted_key_whose_place_is_taken_by_a_text_stays_as_it_is() -> None:
    assert nested({"host": "sensor", "host.name": "x"}) == {"host": "sensor", "host.name": "x"}


def test_a_key_cannot_choose_the_depth() -> None:
    view: Any = nested({".".join("a" * 500): 1})
    depth = 0
    while isinstance(view, dict):
        (view,) = view.values()
        depth += 1
    assert depth == LEVELS + 1


KEYS = st.sampled_from(["a", "b", "a.b", "b.a", "a.b.c", ".", "a.", "..", "a.a.a"])
DOCS = st.recursive(
    st.none() | st.integers(0, 3) | st.just("x"),
    lambda inner: st.dictionaries(KEYS, inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, DOCS, max_size=6))
def test_the_given_document_is_never_changed_and_nothing_in_it_gets_lost(doc: dict[str, Any]) -> None:
    before = copy.deepcopy(doc)
    view = nested(doc)
    assert doc == before
    assert json.dumps(view).count('"x"') == json.dumps(doc).count('"x"')


def test_a_section_may_be_a_list_of_one_and_dotted_inside() -> None:
    assert section({"os": [{"name.full": "x"}]}, "os", "os", []) == {"name": {"full": "x"}}


def test_a_section_of_the_wrong_type_is_empty_and_said() -> None:
    quality: list[Quality] = []
    assert (section({"host": "x"}, "host", "host", quality), quality) == (
        {},
        [Quality(QualityCode.BAD_TYPE, "host")],
    )


@pytest.mark.parametrize(
    ("value", "found", "codes"),
    [
        (None, [], []),
        ({"id": 1}, [{"id": 1}], []),
        ([{"id": 1}, {"id": 2}], [{"id": 1}, {"id": 2}], []),
        ("x", [], ["bad_type"]),
        ([{"id": 1}] * 40, [{"id": 1}] * 32, ["field_truncated"]),
    ],
)
def test_sections_are_those_of_a_list_or_of_one(value: object, found: object, codes: list[str]) -> None:
    quality: list[Quality] = []
    assert (sections(value, "p", quality), [str(each.code) for each in quality]) == (found, codes)


@pytest.mark.parametrize(
    ("value", "first", "codes"),
    [("x", "x", []), (["x"], "x", []), ([], None, []), (["x", "y"], "x", ["field_truncated"]), (7, 7, [])],
)
def test_of_several_values_the_first_is_taken_and_that_is_said(
    value: object, first: object, codes: list[str]
) -> None:
    quality: list[Quality] = []
    assert (one(value, "p", quality), [str(each.code) for each in quality]) == (first, codes)


@pytest.mark.parametrize(
    ("doc", "inner", "hit_id"),
    [
        ({"_id": "7", "_source": {"a": 1}}, {"a": 1}, "7"),
        ({"_index": "i", "_id": "7", "fields": {"a": [1]}}, {"a": [1]}, "7"),
        ({"fields": {"a": [1]}}, {"fields": {"a": [1]}}, None),
        ({"_source": "x", "_id": "7"}, {"_source": "x", "_id": "7"}, None),
        ({"a": 1}, {"a": 1}, None),
    ],
)
def test_a_search_hit_is_taken_out_of_its_wrapping(
    doc: dict[str, Any], inner: object, hit_id: object
) -> None:
    assert unwrapped(doc) == (inner, hit_id)
