"""What a maker makes is what the frozen class makes itself."""

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import Endpoint, Process
from enrich.row import Row, new_row
from enrich.swift import maker
from tests.unit import rows

texts = st.none() | st.text(max_size=5)


@given(texts, st.none() | st.integers(0, 65_535))
def test_a_made_value_is_one_of_the_class(name: str | None, port: int | None) -> None:
    made = maker(Endpoint, "port", "name")(port, name)
    assert type(made) is Endpoint
    assert made == Endpoint(port=port, name=name)
    assert hash(made) == hash(Endpoint(port=port, name=name))


def test_a_made_value_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        maker(Process, "name")("sh").name = "bash"


def test_constants_stand_where_they_are_given_and_defaults_elsewhere() -> None:
    assert maker(Process, "pid", name="sh")(7) == Process(pid=7, name="sh")


@pytest.mark.parametrize(("given_", "constants"), [(("nmae",), {}), (("name",), {"pidd": 1})])
def test_a_field_that_the_class_has_not_is_named(given_: tuple[str, ...], constants: dict[str, int]) -> None:
    with pytest.raises(TypeError, match=r"Process has no field (nmae|pidd)"):
        maker(Process, *given_, **constants)


def test_a_field_without_a_value_is_named() -> None:
    with pytest.raises(TypeError, match="Row needs raw"):
        maker(Row, "record")


def test_a_row_is_made_from_its_fields_in_order() -> None:
    row = rows.row()
    assert new_row(*(getattr(row, name) for name in Row.__slots__)) == row
