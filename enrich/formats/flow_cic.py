"""CICFlowMeter's rows as flows: the tool's own tables and the CIC data sets made with it.
https://github.com/ahlashkari/CICFlowMeter/blob/master/src/main/java/cic/cs/unb/ca/jnetpcap/FlowFeature.java
https://www.unb.ca/cic/datasets/ids-2017.html, https://www.unb.ca/cic/datasets/ids-2018.html

Each version of the tool, and each port of it, names the columns anew, and tables of 2017 have a blank
before most names. "Forward" is from source to destination. ``Flow ID`` is the five-tuple, which comes again,
so there is no source id.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from enrich.alert import Alert
from enrich.errors import Quality, QualityCode
from enrich.formats import fields
from enrich.formats.flow import figure, flow_maker, ported, rule
from enrich.times import DAY_MS

# Names of one column: of the 2018 sets, of those of 2017 and 2019, of the tool since, of cleaned copies.
_COLUMNS: Final = {
    "src_ip": ("Src IP", "Source IP"),
    "src_port": ("Src Port", "Source Port"),
    "dst_ip": ("Dst IP", "Destination IP"),
    "dst_port": ("Dst Port", "Destination Port"),
    "proto": ("Protocol",),
    "time": ("Timestamp",),
    "duration": ("Flow Duration",),
    "packets_out": ("Tot Fwd Pkts", "Total Fwd Packets", "Total Fwd Packet"),
    "packets_in": ("Tot Bwd Pkts", "Total Backward Packets", "Total Bwd packets", "Total Bwd Packets"),
    "bytes_out": (
        *("TotLen Fwd Pkts", "Total Length of Fwd Packets", "Total Length of Fwd Packet"),
        "Fwd Packets Length Total",
    ),
    "bytes_in": (
        *("TotLen Bwd Pkts", "Total Length of Bwd Packets", "Total Length of Bwd Packet"),
        "Bwd Packets Length Total",
    ),
}
# What the data sets say of a flow's guilt: never read, not even into ``unmapped``.
_LABELS: Final = ("Label", "Attack", "Attack Name", "Attempted Category", "Cat", "Sub Cat", "Class")

_DAY_FIRST: Final = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}) ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(?: ([AaPp])\.?[Mm]\.?)?"
)
_LONGEST_TIME: Final = 48
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
# What CICFlowMeter writes for every protocol but TCP and UDP. As an IANA number it would be HOPOPT.
_NEITHER: Final = (0, "0", 0.0)


def _spellings(name: str) -> tuple[str, ...]:
    """Return how tables write this name: also with a blank before it, underscores, and in small letters."""
    joined = name.replace(" ", "_")
    return name, " " + name, joined, joined.lower()


_FIELD_OF: Final = {
    spelled: field for field, names in _COLUMNS.items() for name in names for spelled in _spellings(name)
}
_LABEL_KEYS: Final = frozenset(spelled for name in _LABELS for spelled in _spellings(name))
_NAMES: Final = frozenset((*_FIELD_OF, *_LABEL_KEYS))


class Layout(NamedTuple):
    """The key of each column in a table, "" where it has none. read: what does not go into ``unmapped``."""

    read: tuple[str, ...]
    src_ip: str
    src_port: str
    dst_ip: str
    dst_port: str
    proto: str
    time: str
    duration: str
    packets_out: str
    packets_in: str
    bytes_out: str
    bytes_in: str


# Keys of ours alone, never a table's: what is remembered is bounded by the table above.
@lru_cache(256)
def _layout(keys: frozenset[str]) -> Layout:
    found = dict.fromkeys(_COLUMNS, "")
    for spelled, field in _FIELD_OF.items():
        if spelled in keys and not found[field]:
            found[field] = spelled
    read = {key for field, key in found.items() if key and field != "duration"}
    return Layout(tuple(read | (_LABEL_KEYS & keys)), *found.values())


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a row of CICFlowMeter's, by the names of its columns."""
    layout = _layout(_NAMES.intersection(doc))
    if not (layout.duration and layout.packets_out and layout.packets_in):
        return False
    return bool(layout.dst_port or layout.proto or layout.src_ip)


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the flow as an Alert. Bytes are the payload's, packets both ways."""
    quality: list[Quality] = []
    layout = _layout(_NAMES.intersection(doc))
    time_ms, time_text = _time(_value(doc, layout.time), layout.time, quality)
    number = figure(_value(doc, layout.proto))
    neither = number in _NEITHER and number is not False
    proto = None if neither else fields.proto(number, layout.proto, quality)
    src_port = dst_port = None
    if ported(proto) and not neither:
        src_port = fields.port(figure(_value(doc, layout.src_port)), layout.src_port, quality)
        dst_port = fields.port(figure(_value(doc, layout.dst_port)), layout.dst_port, quality)
    rule_id, title = rule(proto, src_port, dst_port, None)
    sent = fields.count(figure(_value(doc, layout.packets_out)), layout.packets_out, quality)
    received = fields.count(figure(_value(doc, layout.packets_in)), layout.packets_in, quality)
    return _new_flow(
        time_ms,
        time_text,
        None,
        rule_id,
        title,
        proto,
        None,
        fields.endpoint(fields.ip(_stripped(_value(doc, layout.src_ip)), layout.src_ip, quality), src_port),
        fields.endpoint(fields.ip(_stripped(_value(doc, layout.dst_ip)), layout.dst_ip, quality), dst_port),
        fields.count(figure(_value(doc, layout.bytes_out)), layout.bytes_out, quality),
        fields.count(figure(_value(doc, layout.bytes_in)), layout.bytes_in, quality),
        None if sent is None or received is None else fields.total(sent, received),
        _rest(doc, layout.read),
        fields.closed(quality, before),
    )


def _value(doc: Mapping[str, Any], key: str) -> object:
    # Tables with row numbers have a column without a name.
    return doc.get(key) if key else None


def _rest(doc: Mapping[str, Any], read: tuple[str, ...]) -> dict[str, Any] | None:
    """Return what ``fields.rest`` would, in a fourth of its time for the 84 columns of a row."""
    left = dict(doc)
    for key in read:
        del left[key]
    return left or None


def _stripped(value: object) -> object:
    return value.strip() if type(value) is str else value


def _time(value: object, path: str, quality: list[Quality]) -> tuple[int | None, str | None]:
    """Return the time in milliseconds and as received.

    Besides ISO-8601, the tool writes ``03/07/2017 08:55:58``, day first, in the sensor's own zone, which it
    does not say: taken as UTC. Its older versions count hours to twelve and leave out whether before or after
    noon; their times are taken as they stand.
    """
    value = _stripped(value)
    if type(value) is str and "/" in value[:4]:
        moment = _day_first(value)
        if moment is None:
            quality.append(Quality(QualityCode.BAD_TIME, path))
        return moment, fields.text(value, path, quality)
    return fields.time(value, path, quality)


def _day_first(text: str) -> int | None:
    match = _DAY_FIRST.fullmatch(text) if len(text) <= _LONGEST_TIME else None
    if match is None:
        return None
    day, month, year, hour, minute, second, fraction, half = match.groups()
    hours, minutes, seconds = int(hour), int(minute), int(second or 0)
    if half is not None:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half in "Pp" else 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    milliseconds = int((fraction or "0").ljust(3, "0")[:3])
    moment = days * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
    return moment if moment >= 0 else None


_new_flow: Final = flow_maker("CIC", "CICFlowMeter", "cicflowmeter")
