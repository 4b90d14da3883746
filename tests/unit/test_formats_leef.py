"""LEEF: its two versions' delimiters, times by their own layout, severities, attributes."""

import pytest

from enrich.alert import Alert, Endpoint
from enrich.formats import leef
from enrich.formats.lines import event as event_text
from enrich.formats.lines.stamps import moment_as
from tests.unit.lines_read import alert


def event(attributes: str, head: str = "LEEF:1.0|Example|AV|4|Found|") -> Alert:
    return alert(head + attributes)


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


WRITTEN: dict[str, tuple[str, str]] = {
    "1.0 with tabs": ("LEEF:1.0|A|B|1|2|", "\t"),
    "1.0 with tabs that a relay escaped": ("LEEF:1.0|A|B|1|2|", "#011"),
    "1.0 with tabs as a manual writes them": ("LEEF:1.0|A|B|1|2|", "<009>"),
    "2.0 without a delimiter": ("LEEF:2.0|A|B|1|2|", "\t"),
    "2.0 with an empty one": ("LEEF:2.0|A|B|1|2||", "\t"),
    "2.0 with a character": ("LEEF:2.0|A|B|1|2|^|", "^"),
    "2.0 with x09": ("LEEF:2.0|A|B|1|2|x09|", "\t"),
    "2.0 with 0x09": ("LEEF:2.0|A|B|1|2|0x09|", "\t"),
    "2.0 with 0x7C": ("LEEF:2.0|A|B|1|2|0x7C|", "|"),
    "2.0 with a backslash t": ("LEEF:2.0|A|B|1|2|\\t|", "\t"),
    "2.0 with a semicolon": ("LEEF:2.0|A|B|1|2|;|", ";"),
}


@pytest.mark.parametrize(("head", "mark"), WRITTEN.values(), ids=WRITTEN.keys())
def test_attributes_are_parted_by_the_delimiter(head: str, mark: str) -> None:
    doc = event_text.leef(head + mark.join(("src=192.0.2.1", "msg=two words = 2", "empty=", "usrName=ann")))
    assert doc is not None
    assert doc["attributes"] == {"src": "192.0.2.1", "msg": "two words = 2", "empty": "", "usrName": "ann"}


def test_blanks_where_tabs_belong_part_at_the_keys() -> None:
    doc = event_text.leef("LEEF:1.0|A|B|1|2|src=192.0.2.1 msg=two words usrName=ann")
    assert doc is not None
    assert doc["attributes"] == {"src": "192.0.2.1", "msg": "two words", "usrName": "ann"}


@pytest.mark.parametrize(
    "text", ["LEEF:1.0|a|b|c", "LEEF:3.0|a|b|c|d|", "LEEF 1.0|a|b|c|d|", "leef:1.0|a|b|c|d|"]
)
def test_what_lacks_a_header_is_no_leef(text: str) -> None:
    assert event_text.leef(text) is None


LAYOUTS: dict[str, tuple[str, str, int | None]] = {
    "ISO": ("2024-03-05T10:11:12.345+0100", "yyyy-MM-dd'T'HH:mm:ss.SSSZ", 1_709_629_872_345),
    "blanks": ("Mar 05 2024 10:11:12", "MMM dd yyyy HH:mm:ss", 1_709_633_472_000),
    "a zone by name": ("Mar 05 2024 10:11:12 GMT-04:00", "MMM dd yyyy HH:mm:ss z", 1_709_647_872_000),
    "day first": ("05/03/2024 10:11", "dd/MM/yyyy HH:mm", 1_709_633_460_000),
    "half a day": ("03/05/24 10:11:12 PM", "MM/dd/yy hh:mm:ss a", 1_709_676_672_000),
    "a weekday": ("Tue Mar 05 10:11:12 UTC 2024", "EEE MMM dd HH:mm:ss zzz yyyy", 1_709_633_472_000),
    "another text": ("2024-03-05", "MMM dd yyyy", None),
    "an hour that is none": ("2024-03-05 25:00:00", "yyyy-MM-dd HH:mm:ss", None),
    "a letter that is none": ("2024-03-05", "yyyy-QQ-dd", None),
    "no year": ("03-05", "MM-dd", None),
    "a quote that is open": ("2024", "yyyy'", None),
}


@pytest.mark.parametrize(("text", "layout", "ms"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_time_is_read_by_its_layout(text: str, layout: str, ms: int | None) -> None:
    assert moment_as(text, layout) == ms


@pytest.mark.parametrize(
    ("attributes", "ms", "quality"),
    [
        ("devTime=05-03-2024 10:11:12\tdevTimeFormat=dd-MM-yyyy HH:mm:ss", 1_709_633_472_000, []),
        ("devTime=1709633472345", 1_709_633_472_345, []),
        ("devTime=2024-03-05 10:11:12\tdevTimeFormat=dd/MM", 1_709_633_472_000, []),
        ("devTime=Mar 05 10:11:12", None, []),
        ("devTime=soon", None, [("bad_time", "attributes.devTime")]),
    ],
)
def test_a_time_without_its_layout_is_read_by_its_look(
    attributes: str, ms: int | None, quality: list[tuple[str, str]]
) -> None:
    found = event(attributes)
    assert (found.time_ms, said(found)) == (ms, quality)


@pytest.mark.parametrize(
    ("sev", "severity_id"), [("1", 2), ("3", 2), ("4", 3), ("7", 4), ("10", 5), ("high", 4)]
)
def test_a_severity_has_the_bands_of_cef(sev: str, severity_id: int) -> None:
    found = event(f"sev={sev}")
    assert (found.severity_id, found.severity_text, found.severity_scale) == (severity_id, sev, leef.SCALE)


@pytest.mark.parametrize("sev", ["11", "-1", "loud"])
def test_a_severity_beyond_the_scale_is_said(sev: str) -> None:
    assert said(event(f"sev={sev}")) == [("bad_severity", "attributes.sev")]


def test_the_identity_is_the_device_before_the_reporting_host() -> None:
    attributes = "dvchost=av-1\tdvc=203.0.113.1"
    assert event(attributes).device == Endpoint(ip="203.0.113.1", name="av-1")
    assert event(attributes + "\tidentHostName=pc-1").device == Endpoint(name="pc-1")


def test_keys_of_a_producer_s_own_are_read_where_they_are_known() -> None:
    found = event(
        "src=192.0.2.1\tsrcPort=22\tdstPort=80\tdst=198.51.100.7\tfileName=a.exe\taction=denied\tx=y"
    )
    assert (found.src, found.dst, found.file_path, found.action, found.unmapped) == (
        Endpoint(ip="192.0.2.1", port=22),
        Endpoint(ip="198.51.100.7", port=80),
        "a.exe",
        "blocked",
        {"header": {"device_version": "4"}, "attributes": {"x": "y"}},
    )


@pytest.mark.parametrize(
    ("head", "attributes", "title"),
    [
        ("LEEF:1.0|A|B|1|VirusFound|", "src=192.0.2.1", "VirusFound"),
        ("LEEF:1.0|A|B|1|41|", "src=192.0.2.1", "B event 41"),
        ("LEEF:1.0|A|B|1|41|", "msg=Refused 192.0.2.1 twice", "Refused * twice"),
    ],
)
def test_an_event_is_named_by_its_id_where_that_is_a_word(head: str, attributes: str, title: str) -> None:
    assert event(attributes, head).title == title
