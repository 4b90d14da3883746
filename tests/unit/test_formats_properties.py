"""Whatever stands at the fields of a format, there comes an Alert that keeps all its docstring promises."""

import copy
import json
import random
from dataclasses import fields
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.address import canonical
from enrich.alert import FIELD_LIMIT, Alert, Endpoint, Process
from enrich.errors import DeadCode, QualityCode, Rejected
from enrich.formats import FORMATS, NAMES, Formats, alert_from, packaged_mappings
from enrich.formats.mapped import READERS
from enrich.formats.mapping_file import load_mapping
from enrich.times import END_MS
from millrace.samples import samples
from tests.examples import examples

# Every field mapped, each to a path of its own name: "src.ip" is at {"src": {"ip": …}}.
EVERY_FIELD = load_mapping(
    '[recognise]\nkeys = ["mapped"]\n[fields]\n'
    + "\n".join(f'{field} = ["{field}", "other"]' for field in READERS)
    + '\n[severity]\npath = "severity"\n[severity.table]\nhigh = 4\n',
    "every-field",
)
IN_USE = Formats.of((*packaged_mappings(), EVERY_FIELD))
EVERY = [(each.format, each.value) for each in samples()]
SAMPLES: list[dict[str, Any]] = [orjson.loads(value) for _, value in EVERY if value[:1] == b"{"]
LINES_OF_TEXT = [value for _, value in EVERY if value[:1] != b"{"]
MAPPED: dict[str, Any] = {"mapped": 1, "other": "other", "severity": "high"}
for field in READERS:
    outer, _, within = field.partition(".")
    if within:
        MAPPED.setdefault(outer, {})[within] = "x"
    else:
        MAPPED[outer] = "x"
SAMPLES.append(MAPPED)

TEXTS = {each.name for each in fields(Alert) if str(each.type) in ("<class 'str'>", "str | None")}
REQUIRED = ("format", "vendor", "product", "detector", "rule_id", "title")
HEX_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64}


def assert_text(text: str | None) -> None:
    if text is not None:
        assert type(text) is str
        assert 0 < len(text) <= FIELD_LIMIT
        text.encode()


def assert_end(end: Endpoint) -> None:
    assert type(end) is Endpoint
    assert end.ip is None or canonical(end.ip) == end.ip
    assert end.port is None or (type(end.port) is int and 0 <= end.port <= 65_535)
    assert_text(end.name)


def assert_sound(alert: Alert) -> None:
    """Every invariant that ``Alert`` states."""
    assert type(alert) is Alert
    for name in TEXTS:
        assert_text(getattr(alert, name))
    for name in REQUIRED:
        assert getattr(alert, name).strip()
    known = {*NAMES, *("mapped:" + mapping.name for mapping in IN_USE.mappings)}
    assert alert.format in known
    assert alert.time_ms is None or (type(alert.time_ms) is int and 0 <= alert.time_ms < END_MS)
    assert alert.severity_id in (None, 1, 2, 3, 4, 5)
    assert (alert.severity_text is None) == (alert.severity_scale is None)
    assert alert.proto is None or alert.proto == alert.proto.lower()
    for end in (alert.src, alert.dst, alert.device):
        assert_end(end)
    assert alert.action in (None, "allowed", "blocked")
    for algorithm, digits in alert.hashes:
        assert len(digits) == HEX_DIGITS[algorithm]
        assert set(digits) <= set("0123456789abcdef")
    for listed in (*alert.techniques, *alert.tactics):
        assert_text(listed)
    for count in (alert.bytes_out, alert.bytes_in, alert.packets):
        assert count is None or (type(count) is int and 0 <= count < 2**63)
    if alert.process is not None:
        assert alert.process != Process()
        for part in ("name", "path", "command_line", "parent_name"):
            assert_text(getattr(alert.process, part))
        assert alert.process.pid is None or 0 <= alert.process.pid < 2**63
    assert type(alert.is_sample) is bool
    assert all(type(each.code) is QualityCode and type(each.field) is str for each in alert.quality)
    assert len(set(alert.quality)) == len(alert.quality)
    orjson.dumps(alert, default=list)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value within this one."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, item in inner for path in ((*at, key), *paths(item, (*at, key)))]


def put(doc: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put the value at the path, if an earlier change has left the path there."""
    for key in path[:-1]:
        if not holds(doc, key):
            return
        doc = doc[key]
    if holds(doc, path[-1]):
        doc[path[-1]] = value


def holds(doc: Any, key: Any) -> bool:
    if isinstance(doc, list):
        return isinstance(key, int) and key < len(doc)
    return isinstance(doc, dict) and key in doc


WORDS = st.sampled_from(
    [
        *(
            "",
            " ",
            "-",
            "0",
            "-1",
            "1",
            "65536",
            "٣",
            "1e3",
            "0x1a4",
            "0xzz",
            "any",
            "010.1.1.1",
            "::ffff:10.0.0.1",
            "1.2.3.4",
        ),
        *(
            "\x00",
            "\ud800",
            "\u202e",
            "x" * 2000,
            "\\" * 1023,
            "😀" * 1024,
            "9" * 30,
            "true",
            "alert",
            "GET",
            "TCP",
            "089",
            "000",
        ),
        *(
            "2024-01-01T00:00:00Z",
            "MD5=zz,SHA1=,=,SHA256=" + "a" * 64,
            "a,b,c" * 99,
            "C:\\\\x\\\\",
            "/",
            "\\\\",
            "high",
        ),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**66), 2**66)
    | st.sampled_from(
        [0, 1, 2, 3, 4, 5, 15, 16, 17, 255, 65535, 65536, 2**53, 2**63, 1e300, 2.0, 1.5, float("nan")]
    )
    | st.floats()
    | WORDS
    | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "id", "rrname", "ip", "a0", "metadata"]) | WORDS, inner, max_size=3
        )
    ),
    max_leaves=6,
)
# What tells the formats apart, by its last key; everything else is a field, and costs no alert.
APART = {key for format_ in FORMATS for key in format_.keys}
APART |= {key for mapping in packaged_mappings() for key in mapping.keys}
APART |= {"mapped"}
# What a recogniser looks at besides, within a document or beside such a key.
BESIDE = {"alert", "agent", "level", "kind", "id", "name", "arn", "AwsAccountId", "Hostname", "Channel"}


@given(data=st.data())
@examples(600)
def test_any_values_anywhere_give_a_sound_alert_or_a_rejection(data: st.DataObject) -> None:
    doc = copy.deepcopy(data.draw(st.sampled_from(SAMPLES)))
    for path in data.draw(st.lists(st.sampled_from(paths(doc)), max_size=5)):
        put(doc, path, copy.deepcopy(data.draw(VALUES)))
    check(json.dumps(doc).encode())


NASTY = [None, True, -1, 7, 1.5, 2**70, "", " ", "\ud800", "x" * 2000, [], [[]], {}, {"id": {}}, [None] * 40]


@pytest.mark.parametrize("source", SAMPLES, ids=range(len(SAMPLES)))
def test_each_field_alone_with_each_nasty_value_gives_a_sound_alert(source: dict[str, Any]) -> None:
    for path in paths(source):
        if APART.intersection(path) or path[-1] in BESIDE:
            continue
        for value in NASTY:
            doc = copy.deepcopy(source)
            put(doc, path, value)
            assert_sound(alert_from(json.dumps(doc).encode(), IN_USE))


@pytest.mark.parametrize("value", [orjson.dumps(each) for each in SAMPLES] + LINES_OF_TEXT, ids=lambda _: "")
def test_flipped_cut_and_doubled_bytes_give_a_sound_alert_or_a_rejection(value: bytes) -> None:
    chance = random.Random(7)
    for _ in range(100):
        changed = bytearray(value)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(changed))
            changed[at : at + chance.choice((0, 1, 1, 5))] = chance.choice(
                (b"", b"\xff", b"\x00", b'"', b"{", b"1e999", b"\\ud800", bytes([chance.randrange(256)]))
            )
        check(bytes(changed[: chance.choice((len(changed), chance.randrange(1, len(changed) + 1)))]))


@given(st.dictionaries(st.sampled_from([*sorted(APART), "alert", "agent", "ts", "timestamp"]), VALUES))
def test_any_object_gives_a_sound_alert_or_a_rejection(doc: dict[str, Any]) -> None:
    check(json.dumps(doc).encode())


@given(st.binary(max_size=100))
def test_any_bytes_give_a_sound_alert_or_a_rejection(value: bytes) -> None:
    check(value)


@given(data=st.data())
def test_the_same_bytes_give_the_same_alert(data: st.DataObject) -> None:
    doc = copy.deepcopy(data.draw(st.sampled_from(SAMPLES)))
    put(doc, data.draw(st.sampled_from(paths(doc))), copy.deepcopy(data.draw(VALUES)))
    value = json.dumps(doc).encode()
    assert outcome(value) == outcome(value)


def outcome(value: bytes) -> Alert | tuple[DeadCode, str]:
    try:
        return alert_from(value, IN_USE)
    except Rejected as refused:
        return refused.code, str(refused)


def check(value: bytes) -> None:
    found = outcome(value)
    if isinstance(found, Alert):
        assert_sound(found)
