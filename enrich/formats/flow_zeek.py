"""Rows of Zeek's connection log as flows.
https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats import zeek_record as record
from enrich.formats.flow import flow_maker, rule

# What the labelled sets (IoT-23 and others) add to a row: never read, not even into ``unmapped``.
LABELS: Final = ("label", "detailed-label", "detailed_label")
_READ: Final = frozenset(
    (*("ts", "uid", "proto", "service", "orig_bytes", "resp_bytes", "orig_pkts", "resp_pkts"), *LABELS)
)


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a row of a connection log, by its stated log or else by its columns."""
    log, row = record.opened(doc)
    if log is not None:
        return log in record.CONNECTION_LOGS
    if "conn_state" not in row or "proto" not in row:
        return False
    return record.spelling(row) is not None and ("uid" in row or record.timed(row))


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the flow as an Alert. Bytes are the payload's, packets both ways."""
    quality: list[Quality] = []
    _, row = record.opened(doc)
    time_ms, time_text = record.time(row, quality)
    proto = record.proto(row, quality)
    app_proto = fields.word(record.given(row, "service"), "service", quality)
    spelled = record.spelling(row)
    src, dst = record.ends(row, spelled, proto, quality)
    rule_id, title = rule(proto, src.port, dst.port, app_proto)
    sent = fields.count(record.given(row, "orig_pkts"), "orig_pkts", quality)
    received = fields.count(record.given(row, "resp_pkts"), "resp_pkts", quality)
    return _new_flow(
        time_ms,
        time_text,
        # Of a notice it would be a connection's id; of this row it is its own.
        fields.word(record.given(row, "uid"), "uid", quality),
        rule_id,
        title,
        proto,
        app_proto,
        src,
        dst,
        fields.count(record.given(row, "orig_bytes"), "orig_bytes", quality),
        fields.count(record.given(row, "resp_bytes"), "resp_bytes", quality),
        None if sent is None or received is None else fields.total(sent, received),
        record.rest(row, _READ, spelled, proto),
        fields.closed(quality, before),
    )


_new_flow: Final = flow_maker("Zeek", "Zeek", "zeek")
