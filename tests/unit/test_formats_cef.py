"""CEF: header and extension with their escapes, severities, times, each field's odd cases."""

import pytest

from enrich.alert import Alert, Endpoint
from enrich.formats import cef
from enrich.formats.lines import event as event_text
from tests.unit.lines_read import alert

HEAD = "CEF:0|Example|NGFW|7.1|100|Port scan|5|"


def event(extension: str = "", head: str = HEAD) -> Alert:
    return alert(head + extension)


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


EXTENSIONS: dict[str, tuple[str, dict[str, str]]] = {
    "pairs": ("a=1 b=2", {"a": "1", "b": "2"}),
    "blanks in a value": ("msg=two words src=192.0.2.1", {"msg": "two words", "src": "192.0.2.1"}),
    "an escaped equals sign": (r"request=http://x/?a\=b act=y", {"request": "http://x/?a=b", "act": "y"}),
    "escaped backslashes": (r"filePath=C:\\a\\b act=y", {"filePath": r"C:\a\b", "act": "y"}),
    "line breaks": (r"msg=a\nb\rc", {"msg": "a\nb\rc"}),
    "a pipe": ("msg=a|b", {"msg": "a|b"}),
    "an escape at the end": ("msg=a\\", {"msg": "a\\"}),
    "dots and brackets": ("ad.x[0]=1 _cefVer=0.1", {"ad.x[0]": "1", "_cefVer": "0.1"}),
    "nothing": ("a= b=2", {"a": "", "b": "2"}),
    "a key twice": ("a=1 a=2", {"a": "1", "a#2": "2"}),
    "none": ("no pairs", {}),
}


@pytest.mark.parametrize(("text", "expected"), EXTENSIONS.values(), ids=EXTENSIONS.keys())
def test_an_extension_is_read_with_its_escapes(text: str, expected: dict[str, str]) -> None:
    assert event_text.extension(text) == expected


def test_a_header_is_read_with_its_escapes() -> None:
    doc = event_text.cef(r"CEF:1|A\|B|C\\D|1|2|x = y|Low|a=1")
    assert doc is not None
    assert doc["header"] == {
        "version": "1",
        "vendor": "A|B",
        "product": r"C\D",
        "device_version": "1",
        "signature_id": "2",
        "name": "x = y",
        "severity": "Low",
    }


@pytest.mark.parametrize(
    "text", ["CEF:0|a|b|c", "CEF:x|a|b|c|d|e|f|", "CEF:0 a|b|c|d|e|f|g", "cef:0|a|b|c|d|e|f|"]
)
def test_what_lacks_a_header_is_no_cef(text: str) -> None:
    assert event_text.cef(text) is None


@pytest.mark.parametrize(
    ("severity", "severity_id", "scale"),
    [
        *(("0", 2, cef.SCALE), ("3", 2, cef.SCALE), ("4", 3, cef.SCALE), ("6", 3, cef.SCALE)),
        *(("7", 4, cef.SCALE), ("8", 4, cef.SCALE), ("9", 5, cef.SCALE), ("10", 5, cef.SCALE)),
        *(("Low", 2, cef.WORD_SCALE), ("medium", 3, cef.WORD_SCALE), ("High", 4, cef.WORD_SCALE)),
        *(("Very-High", 5, cef.WORD_SCALE), ("Unknown", None, cef.WORD_SCALE)),
    ],
)
def test_a_severity_is_a_number_or_a_word(severity: str, severity_id: int | None, scale: str) -> None:
    found = event(head=f"CEF:0|A|B|1|2|C|{severity}|")
    assert (found.severity_id, found.severity_text, found.severity_scale) == (severity_id, severity, scale)
    assert found.quality == ()


@pytest.mark.parametrize("severity", ["11", "-1", "loud", "5.5"])
def test_a_severity_beyond_the_scale_is_said(severity: str) -> None:
    found = event(head=f"CEF:0|A|B|1|2|C|{severity}|")
    assert (found.severity_id, found.severity_text, said(found)) == (
        None,
        severity,
        [("bad_severity", "header.severity")],
    )


def test_no_severity_is_not_wrong() -> None:
    found = event(head="CEF:0|A|B|1|2|C||")
    assert (found.severity_id, found.severity_text, found.severity_scale, found.quality) == (
        None,
        None,
        None,
        (),
    )


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1709633472345", 1_709_633_472_345),
        ("Mar 05 2024 10:11:12", 1_709_633_472_000),
        ("Mar 05 2024 10:11:12.345", 1_709_633_472_345),
        ("Mar 05 2024 10:11:12.345 GMT", 1_709_633_472_345),
        ("Mar 05 2024 10:11:12 EST", 1_709_651_472_000),
        ("Mar 05 2024 10:11:12 GMT+01:00", 1_709_629_872_000),
        ("2024-03-05T10:11:12.345Z", 1_709_633_472_345),
        ("Mar 05 10:11:12", None),
        ("Mar 05 10:11:12.345 GMT", None),
    ],
)
def test_each_of_the_standard_s_times_is_read(text: str, ms: int | None) -> None:
    found = event(f"rt={text} act=x")
    assert (found.time_ms, found.time_text, found.quality) == (ms, text, ())


@pytest.mark.parametrize(("label", "ms"), [("Detection Time", 1_709_633_472_345), ("Signature Date", None)])
def test_a_custom_date_is_the_time_where_its_label_says_so(label: str, ms: int | None) -> None:
    assert event(f"deviceCustomDate1Label={label} deviceCustomDate1=1709633472345").time_ms == ms


def test_the_time_of_the_syslog_header_stands_in() -> None:
    found = alert("<13>2024-03-05T10:11:12Z h " + HEAD)
    assert (found.time_ms, found.time_text) == (1_709_633_472_000, "2024-03-05T10:11:12Z")


@pytest.mark.parametrize(
    ("extension", "code", "field"),
    [
        ("src=192.0.2.256", "bad_ip", "extension.src"),
        ("dst=pc-1", "bad_ip", "extension.dst"),
        ("src=192.0.2.1 spt=http", "bad_port", "extension.spt"),
        ("rt=yesterday", "bad_time", "extension.rt"),
        ("rt=Mar 05 2024 10:11:12 XYZ", "bad_time", "extension.rt"),
        ("fileHash=abc", "bad_type", "extension.fileHash"),
        ("in=many", "bad_type", "extension.in"),
        ("proto=a b", "bad_type", "extension.proto"),
    ],
)
def test_a_wrong_value_is_none_and_said(extension: str, code: str, field: str) -> None:
    assert said(event(extension)) == [(code, field)]


def test_full_names_of_the_dictionary_count_too() -> None:
    found = event(
        "sourceAddress=192.0.2.1 sourcePort=22 destinationHostName=pc-1 sourceUserName=ann deviceAction=deny"
    )
    assert (found.src, found.dst, found.user, found.action) == (
        Endpoint(ip="192.0.2.1", port=22),
        Endpoint(name="pc-1"),
        "ann",
        "blocked",
    )


@pytest.mark.parametrize(("label", "ip"), [("Source IPv6 Address", "2001:db8::7"), ("Device", None)])
def test_an_ipv6_address_of_a_custom_field_is_the_source_s_where_its_label_says_so(
    label: str, ip: str | None
) -> None:
    assert event(f"c6a2Label={label} c6a2=2001:db8::7").src.ip == ip


def test_techniques_and_tactics_are_told_by_their_labels() -> None:
    found = event(
        "cs1Label=MITRE Technique ID cs1=T1059.001, T1027 cs2Label=mitre tactic cs2=Execution cs3=T1110"
    )
    assert (found.techniques, found.tactics) == (("T1059.001", "T1027"), ("Execution",))


@pytest.mark.parametrize(
    ("extension", "name", "path", "pid"),
    [
        (r"sproc=C:\\Windows\\a.exe spid=7", "a.exe", r"C:\Windows\a.exe", 7),
        ("dproc=a dpid=8 spid=7", "a", None, 8),
        ("deviceProcessName=/usr/sbin/a dvcpid=9", "a", "/usr/sbin/a", 9),
    ],
)
def test_a_process_has_the_id_of_its_own_side(extension: str, name: str, path: str | None, pid: int) -> None:
    process = event(extension).process
    assert process is not None
    assert (process.name, process.path, process.pid) == (name, path, pid)


def test_the_reporting_host_is_the_header_s_unless_it_is_stated() -> None:
    before = "<13>Mar  5 10:11:12 relay-1 "
    assert alert(before + HEAD).device == Endpoint(name="relay-1")
    assert alert(before + HEAD + "dvchost=fw-1 dvc=203.0.113.1").device == Endpoint(
        ip="203.0.113.1", name="fw-1"
    )


def test_what_no_field_takes_is_kept_by_its_own_key() -> None:
    found = event("src=192.0.2.1 cs1Label=Rule cs1=x ad.y=z")
    assert found.unmapped == {
        "header": {"device_version": "7.1"},
        "extension": {"cs1Label": "Rule", "cs1": "x", "ad.y": "z"},
    }
