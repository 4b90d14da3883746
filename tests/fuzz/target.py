"""What is fuzzed: one record's whole way, in a process of its own. ``python -m tests.fuzz`` starts it."""

import sys

import atheris

with atheris.instrument_imports(include=["enrich"]):
    from enrich.errors import Rejected
    from enrich.formats import alert_from
    from enrich.pipeline import process
    from enrich.record import RawRecord

from tests.unit.rows import context

HERE = context()


def one(data: bytes) -> None:
    """Parse these bytes, and take them the whole way without models; whatever is raised is a finding."""
    try:
        alert = alert_from(data, HERE.formats)
    except Rejected as rejected:
        told = f"{rejected}"
    else:
        told = alert.title
        if not alert.title or not alert.rule_id:
            raise AssertionError("an alert without title or rule")
    if len(told) > 1_100:
        raise AssertionError("a text beyond its limit")
    record = RawRecord("fuzz", 0, 1, 1_760_000_000_000, None, data)
    batch = process([record], {}, HERE, None)
    if len(batch.outputs[0]) == 0:
        raise AssertionError("neither event nor dead letter")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
