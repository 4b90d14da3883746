"""What the tests of the cloud and EDR formats share: samples, changes of them, what an Alert promises."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import MISSING, asdict, fields
from types import ModuleType
from typing import Any

import orjson
import pytest
from hypothesis import strategies as st

from enrich.address import canonical
from enrich.alert import FIELD_LIMIT, Alert, Endpoint, Process
from enrich.errors import DeadCode, Rejected
from enrich.parse import parse_bytes
from enrich.times import END_MS
from millrace.samples import SAMPLES as GOLDEN

Doc = dict[str, Any]
TEXTS = [each.name for each in fields(Alert) if str(each.type) in ("<class 'str'>", "str | None")]
DIGITS = {"md5": 32, "sha1": 40, "sha256": 64}


def samples(format_: str) -> dict[str, Doc]:
    """Return the golden samples of one format by name."""
    found = sorted(GOLDEN.glob(f"{format_}_*.json"))
    return {path.stem: json.loads(path.read_text("utf-8")) for path in found}


def parsed(module: ModuleType, doc: Doc) -> Alert:
    """Return the Alert as a worker would: from bytes."""
    inner, quality = parse_bytes(orjson.dumps(doc))
    assert module.recognise(inner)
    alert: Alert = module.parse(inner, quality)
    return alert


def refused(module: ModuleType, doc: Doc) -> str:
    """Return why this is no alert; the document must be recognised."""
    with pytest.raises(Rejected) as error:
        parsed(module, doc)
    assert error.value.code is DeadCode.NOT_AN_ALERT
    return str(error.value)


def plain(alert: Alert) -> Doc:
    """Return what is not default, in JSON's types."""
    default = {each.name: None if each.default is MISSING else each.default for each in fields(Alert)}
    said = {name: value for name, value in asdict(alert).items() if getattr(alert, name) != default[name]}
    for name in ("src", "dst", "device", "process"):
        if name in said:
            said[name] = {key: value for key, value in said[name].items() if value is not None}
    found: Doc = json.loads(json.dumps(said))
    return found


def said(alert: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in alert.quality]


def changed(doc: Doc, path: str, value: object) -> Doc:
    """Return a copy with the value at this path (``a|0|b``); ``...`` takes the key away."""
    new = copy.deepcopy(doc)
    at: Any = new
    *outer, last = [int(step) if step.isdigit() else step for step in path.split("|")]
    for step in outer:
        at = at[step]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return new


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path of every value within this one."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*at, key)
        yield from places(item, (*at, key))


WORDS = [
    *("", " ", "-", "0", "-1", "65536", "1e3", "0x1a4", "0xzz", "N/A", "010.1.1.1", "::ffff:10.0.0.1"),
    *(
        "\x00",
        "\u202e",
        "x" * 2000,
        "\\" * 1023,
        "😀" * 1024,
        "9" * 30,
        "[",
        "[]",
        "{}",
        '["T1059"]',
        "[1,null]",
    ),
    *(
        '[{"$id":"1","Type":"host","HostName":{}}]',
        '{"sample":true}',
        '[{"Type":"process","ImageFile":{"$ref":"1"}}]',
    ),
    *("2024-01-01T00:00:00Z", "a" * 64, "TTPs/", "TTPs/ /", "/", "\\", "high", "TCP", "a:b", "[" * 200),
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, 1, 6, 99, 5.5, 100, 101, 65536, 2**53, 1e300])
    | st.sampled_from(WORDS)
    | st.text(max_size=8)
)
KEYS = st.sampled_from(
    ["id", "ip", "name", "uid", "$ref", "sample", "Label", "millrace", "value", "type_id", "x"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def mutated(doc: Doc, draw: Callable[[Any], Any]) -> Doc:
    """Return a copy with one to four values put anywhere."""
    new = copy.deepcopy(doc)
    for path in draw(st.lists(st.sampled_from(list(places(doc))), min_size=1, max_size=4)):
        at: Any = new
        try:
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = copy.deepcopy(draw(VALUES))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return new


def assert_alert_or_rejection(module: ModuleType, doc: Doc) -> None:
    """The promise to a hostile record: an Alert as its docstring says, or Rejected, and nothing else."""
    try:
        inner, quality = parse_bytes(json.dumps(doc).encode())
        if not module.recognise(inner):
            return
        alert = module.parse(inner, quality)
    except Rejected:
        return
    assert_sound(alert)


def assert_sound(alert: Alert) -> None:
    assert type(alert) is Alert
    texts = [getattr(alert, name) for name in TEXTS] + [*alert.techniques, *alert.tactics]
    ends = [alert.src, alert.dst, alert.device]
    if alert.process is not None:
        assert alert.process != Process()
        process = alert.process
        texts += [process.name, process.path, process.command_line, process.parent_name]
        assert process.pid is None or 0 <= process.pid < 2**63
    for end in ends:
        assert type(end) is Endpoint
        assert end.ip is None or canonical(end.ip) == end.ip
        assert end.port is None or 0 <= end.port <= 65_535
    for text in (*texts, *(end.name for end in ends)):
        assert text is None or (type(text) is str and 0 < len(text) <= FIELD_LIMIT and text.encode())
    for name in ("format", "vendor", "product", "detector", "rule_id", "title"):
        assert getattr(alert, name).strip(), name
    assert alert.time_ms is None or (type(alert.time_ms) is int and 0 <= alert.time_ms < END_MS)
    assert alert.severity_id in (None, 1, 2, 3, 4, 5)
    assert (alert.severity_text is None) == (alert.severity_scale is None)
    assert alert.severity_text is not None or alert.severity_id is None
    assert alert.action in (None, "allowed", "blocked")
    assert alert.proto is None or alert.proto == alert.proto.lower()
    assert all(len(digits) == DIGITS[name] and digits == digits.lower() for name, digits in alert.hashes)
    assert len(alert.techniques) <= 64
    assert type(alert.is_sample) is bool
    assert alert.unmapped is None or (type(alert.unmapped) is dict and alert.unmapped)
    assert len(set(alert.quality)) == len(alert.quality)
    orjson.dumps(alert, default=list)
