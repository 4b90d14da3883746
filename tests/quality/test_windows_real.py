"""Windows events and Sigma results against other people's events, which stand beside the checkout.

What an event holds is found here by its field names alone, wherever in the record they stand; the formats
know nothing of this list.
"""

import gzip
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from enrich.alert import Alert
from enrich.errors import Rejected
from enrich.formats import sigma, windows

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "alerts"
SIGMA, REPLAY = DATA / "sigma_regression_events.jsonl.gz", DATA / "windows_events_replay.jsonl.gz"

pytestmark = [
    pytest.mark.quality,
    pytest.mark.skipif(
        not SIGMA.is_file() or not REPLAY.is_file(), reason=f"the public data are not at {DATA}"
    ),
]

# Case is folded. A name counts where its value says something.
HOST = ("computer", "hostname", "computer_name", "computername")
USER = ("user", "subjectusername", "targetusername", "sourceuser", "detection user")
PROCESS = (
    *("image", "newprocessname", "processname", "sourceimage", "process name", "callerprocessname"),
    *("commandline", "scriptblocktext"),
)
COMMAND = ("commandline", "processcommandline", "scriptblocktext", "imagepath", "servicefilename")
HASHES = ("hashes",)
FILE = ("targetfilename", "imageloaded")
QUESTION = ("queryname",)
ADDRESS = ("sourceip", "destinationip", "ipaddress", "sourceaddress", "destaddress")
NOTHING = ("", "-", "Unknown", "LOCAL")
HELD = {
    "host": (HOST, lambda alert: alert.device.name),
    "user": (USER, lambda alert: alert.user),
    "process": (PROCESS, lambda alert: alert.process),
    "command line": (COMMAND, lambda alert: alert.process and alert.process.command_line),
    "file": (FILE, lambda alert: alert.file_path),
    "question": (QUESTION, lambda alert: alert.dns_query),
    "address": (ADDRESS, lambda alert: alert.src.ip or alert.dst.ip),
    "hashes": (HASHES, lambda alert: alert.hashes),
}


def lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as file:
        yield from file


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Return every (name, value) below, ``{"@Name": n, "#text": v}`` as (n, v)."""
    if isinstance(value, dict):
        if isinstance(value.get("@Name"), str):
            yield value["@Name"].lower(), value.get("#text")
        for key, item in value.items():
            yield from leaves(item, key.lower())
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, name)
    elif value is not None:
        yield name, value


def holds(names: tuple[str, ...], event: Any) -> bool:
    return any(
        name in names and str(value).strip() not in NOTHING and not str(value).isspace()
        for name, value in leaves(event)
    )


@cache
def fired() -> tuple[list[dict[str, Any]], list[Alert]]:
    docs = [orjson.loads(line) for line in lines(SIGMA)]
    return docs, [sigma.parse(doc, ()) for doc in docs]


def test_all_119_sigma_results_are_recognised_and_by_sigma_only() -> None:
    docs, _ = fired()
    assert [(sigma.recognise(doc), windows.recognise(doc)) for doc in docs] == [(True, False)] * 119


def test_every_event_inside_a_sigma_result_is_a_windows_event() -> None:
    docs, _ = fired()
    assert all(windows.recognise(doc["event"]) for doc in docs)


@pytest.mark.parametrize("what", HELD)
def test_a_sigma_result_has_what_its_event_has(what: str) -> None:
    names, read = HELD[what]
    docs, alerts = fired()
    having = [(doc, alert) for doc, alert in zip(docs, alerts, strict=True) if holds(names, doc["event"])]
    lacking = [(doc["title"], doc["event"]) for doc, alert in having if not read(alert)]
    print(f"{what}: {len(having) - len(lacking)} of {len(having)} events that have it")
    assert lacking == []


def test_every_sigma_result_keeps_rule_level_time_and_attack() -> None:
    docs, alerts = fired()
    for doc, alert in zip(docs, alerts, strict=True):
        assert (alert.rule_id, alert.title, alert.severity_text) == (
            doc["rule_id"],
            doc["title"],
            doc["level"],
        )
        assert (list(alert.techniques), list(alert.tactics)) == (doc["techniques"], doc["tactics"])
        assert None not in (alert.severity_id, alert.time_ms)


def test_nothing_in_a_sigma_result_had_to_be_mended_but_long_texts() -> None:
    _, alerts = fired()
    assert {each.code.value for alert in alerts for each in alert.quality} <= {"field_truncated"}


def test_of_36532_replayed_events_none_is_taken_for_what_it_is_not() -> None:
    taken: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    having: Counter[str] = Counter()
    mended: Counter[str] = Counter()
    for line in lines(REPLAY):
        doc = orjson.loads(line)
        names = [name for name, module in (("windows", windows), ("sigma", sigma)) if module.recognise(doc)]
        taken["+".join(names) or "none"] += 1
        if names != ["windows"]:
            continue
        try:
            alert = windows.parse(doc, ())
        except Rejected:
            lacking["rejected"] += 1
            continue
        mended.update(f"{each.code} {each.field}" for each in alert.quality)
        for what, (keys, read) in HELD.items():
            if holds(keys, doc):
                having[what] += 1
                lacking[what] += not read(alert)
        lacking["time"] += alert.time_ms is None
        stated = doc.get("Level") or doc.get("Severity") or doc.get("level")
        lacking["severity"] += alert.severity_id is None and stated is not None
    print(dict(taken), "lacking", +lacking, "of", dict(having), "mended", dict(mended))
    # The other five are of AWS CloudTrail and of Defender's advanced hunting.
    assert taken == {"windows": 36_527, "none": 5}
    assert +lacking == Counter()
