"""Pairs: how they are written, what their keys mean, and what is left of them."""

import pytest

from enrich.alert import Alert, Endpoint
from enrich.formats.lines.keys import KNOWN, address, plain
from enrich.formats.lines.pairs import PAIRS_LIMIT, pairs
from tests.unit.lines_read import alert

WRITTEN: dict[str, tuple[str, dict[str, str], str]] = {
    "blanks": ("a=1 b=2", {"a": "1", "b": "2"}, ""),
    "commas": ("a=1,b=2, c=3", {"a": "1", "b": "2", "c": "3"}, ""),
    "semicolons": ("a=1; b=2;", {"a": "1", "b": "2"}, ""),
    "a comma within a value": ("a=x,y b=2", {"a": "x,y", "b": "2"}, ""),
    "quotes": ('a="x y" b="1=2"', {"a": "x y", "b": "1=2"}, ""),
    "escaped quotes": (r'a="x \"y\" \\" b=2', {"a": 'x "y" \\', "b": "2"}, ""),
    "an open quote": ('a=1 b="x y', {"a": "1", "b": "x y"}, ""),
    "single quotes": ("a='x y' b=2", {"a": "x y", "b": "2"}, ""),
    "single quotes around pairs": ("m='a=1 b=2'", {"m": "", "a": "1", "b": "2"}, ""),
    "angle brackets": ("user=<ann>, b=2", {"user": "<ann>", "b": "2"}, ""),
    "nothing": ("a= b=2", {"a": "", "b": "2"}, ""),
    "blanks around": ("a = 1, b = x", {"a": "1", "b": "x"}, ""),
    "Check Point": ('[a:"1"; b:"x y"; c::"z"; ]', {"a": "1", "b": "x y", "c": "z"}, ""),
    "ModSecurity": ('told [id "7"] [msg "x y"]', {"id": "7", "msg": "x y"}, "told"),
    "a key twice": ("a=1 a=2", {"a": "1", "a#2": "2"}, ""),
    "text between": ("refused a=1 by rule b=2", {"a": "1", "b": "2"}, "refused by rule"),
    "a long value": ("reason=no such host b=2", {"reason": "no such host", "b": "2"}, ""),
    "a command": ("USER=root ; COMMAND=/bin/ls -l", {"USER": "root", "COMMAND": "/bin/ls -l"}, ""),
    "a comparison": ("if a==1 then", {}, "if a==1 then"),
    "a query of a URL": ("GET /x?src=192.0.2.9&b=2 done", {}, "GET /x?src=192.0.2.9&b=2 done"),
}


@pytest.mark.parametrize(("body", "found", "text"), WRITTEN.values(), ids=WRITTEN.keys())
def test_pairs_are_read_however_they_are_written(body: str, found: dict[str, str], text: str) -> None:
    said = pairs(body)
    assert (said.found, said.text) == (found, text)


def test_too_many_pairs_are_cut_and_said() -> None:
    found = alert(" ".join(f"k{number}=1" for number in range(PAIRS_LIMIT + 9)))
    assert [str(each.code) for each in found.quality] == ["field_truncated", "field_truncated"][
        : len(found.quality)
    ]
    assert found.quality


def kv(more: str, base: str = "vendor=Example a=1 b=2") -> Alert:
    return alert(f"{base} {more}")


FIELDS: dict[str, tuple[str, str, object]] = {
    "a source": ("srcip=192.0.2.1 srcport=22", "src", Endpoint(ip="192.0.2.1", port=22)),
    "a source, other words": ("source-address=192.0.2.1 sport=22", "src", Endpoint(ip="192.0.2.1", port=22)),
    "a source with port": ("src=192.0.2.1:22", "src", Endpoint(ip="192.0.2.1", port=22)),
    "a source and its name": ("src_ip=192.0.2.1 src_name=pc-1", "src", Endpoint(ip="192.0.2.1", name="pc-1")),
    "IPv6": ("src=[2001:db8::7]:22", "src", Endpoint(ip="2001:db8::7", port=22)),
    "a destination": ("dst=198.51.100.7 dpt=80", "dst", Endpoint(ip="198.51.100.7", port=80)),
    "a service that is a port": ("dst=198.51.100.7 service=80", "dst", Endpoint(ip="198.51.100.7", port=80)),
    "a user": ("user=ann", "user", "ann"),
    "a user that is none": ("user=N/A", "user", None),
    "the second of two users": ("user=- dstuser=bob", "user", "bob"),
    "an action": ("action=Deny", "action", "blocked"),
    "another action": ("action=reset-both", "action", "blocked"),
    "an action that is neither": ("action=close", "action", None),
    "a protocol by number": ("proto=17", "proto", "udp"),
    "an application's protocol": ("proto=ESMTP", "app_proto", "ESMTP"),
    "both at once": ("proto=tcp/https", "app_proto", "https"),
    "a URL": ("url=http://www.example.com/a", "url", "http://www.example.com/a"),
    "a hash by its length": (
        "hash=d41d8cd98f00b204e9800998ecf8427e",
        "hashes",
        (("md5", "d41d8cd98f00b204e9800998ecf8427e"),),
    ),
    "techniques": ("mitre_technique_id=T1059.001,T1027", "techniques", ("T1059.001", "T1027")),
    "bytes": ("sentbyte=7", "bytes_out", 7),
    "bytes that are none": ("sentbyte=many", "bytes_out", None),
    "a time and a date": ("date=2024-03-05 time=10:11:12 tz=+0100", "time_ms", 1_709_629_872_000),
    "nanoseconds": ("eventtime=1709633472123456789", "time_ms", 1_709_633_472_123),
    "a duration, no time": ("time=12", "time_ms", None),
    "a name of a host, no time": ("devname=fw-1", "device", Endpoint(name="fw-1")),
    "a name that is a file": ("name=/etc/shadow", "file_path", "/etc/shadow"),
    "a name that is none": ("name=shadow", "file_path", None),
}


@pytest.mark.parametrize(("more", "field", "value"), FIELDS.values(), ids=FIELDS.keys())
def test_a_pair_becomes_a_field(more: str, field: str, value: object) -> None:
    assert getattr(kv(more), field) == value


@pytest.mark.parametrize(
    ("more", "severity_id", "scale"),
    [
        ("severity=critical", 5, "words"),
        ("severity=High", 4, "words"),
        ("severity=low level=alert", 2, "words"),
        ("severity=warning", 2, "syslog:words"),
        ("level=notice", 1, "syslog:words"),
        ("level=critical", 3, "syslog:words"),
        ("level=7", None, None),
        ("severity=7", None, "words"),
    ],
)
def test_a_severity_is_what_is_reported_and_a_level_the_line_s_own(
    more: str, severity_id: int | None, scale: str | None
) -> None:
    found = kv(more)
    assert (found.severity_id, found.severity_scale) == (severity_id, scale)
    assert ("bad_severity" in [str(each.code) for each in found.quality]) == (
        scale == "words" and not severity_id
    )


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ("src=192.0.2.256", "bad_ip", "pairs.src"),
        ("src=192.0.2.1 srcport=70000", "bad_port", "src port"),
        ("date=2024-13-05 time=10:11:12", "bad_time", "pairs.date"),
    ],
)
def test_a_wrong_value_is_none_and_said(more: str, code: str, field: str) -> None:
    assert [(str(each.code), each.field) for each in kv(more).quality] == [(code, field)]


def test_what_no_field_takes_is_kept() -> None:
    found = kv("src=192.0.2.1 custom=x")
    assert found.unmapped == {"pairs": {"vendor": "Example", "a": "1", "b": "2", "custom": "x"}}


def test_a_pair_counts_before_the_sentence_behind_it() -> None:
    found = alert("Mar  5 10:11:12 h t: src=192.0.2.1 user=ann a=1 blocked from 192.0.2.9")
    assert (found.src.ip, found.user) == ("192.0.2.1", "ann")


def test_a_pair_counts_where_the_sentence_before_it_says_nothing() -> None:
    found = alert("Mar  5 10:11:12 h t: login refused, src=192.0.2.1 user=ann")
    assert (found.src.ip, found.user) == ("192.0.2.1", "ann")


def test_a_counter_is_no_rule() -> None:
    assert kv("eventid=1709633472123456 msg=denied").rule_id == "log: denied"


def test_every_key_in_the_lists_is_written_plainly() -> None:
    assert [key for key in KNOWN if plain(key) != key] == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("192.0.2.1", ("192.0.2.1", None, None)),
        ("192.0.2.1/22", ("192.0.2.1", "22", None)),
        ("192.0.2.1::X0", ("192.0.2.1", "", None)),
        ("192.0.2.1:22:X1:pc-1", ("192.0.2.1", "22", "pc-1")),
        ("ssh(192.0.2.1)", ("192.0.2.1", None, None)),
        ("pc-1", (None, None, "pc-1")),
        ("00.00.1.1", (None, None, None)),
        ("a b", (None, None, None)),
    ],
)
def test_an_end_may_hold_address_port_and_name(value: str, expected: tuple[str | None, ...]) -> None:
    found = address(value)
    assert (found[0], found[1] or "" if expected[1] == "" else found[1], found[2]) == expected
