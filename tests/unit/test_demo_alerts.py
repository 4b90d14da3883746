"""The demo's broken lines are what it says of them."""

import pytest

from enrich.errors import DeadCode, Rejected
from enrich.formats import Formats, alert_from, packaged_mappings
from millrace.demo.alerts import BROKEN


def test_each_broken_line_is_a_dead_letter_and_every_code_is_shown() -> None:
    codes = set()
    for line in BROKEN:
        with pytest.raises(Rejected) as refused:
            alert_from(line, Formats.of(packaged_mappings()))
        codes.add(refused.value.code)
    assert codes == {DeadCode.UNPARSEABLE, DeadCode.UNKNOWN_FORMAT, DeadCode.NOT_AN_OBJECT}
