"""Events joined with what analysts said of them: the label source ``verdicts``.

Only verdicts of allow-listed authors count: whoever may write to the feedback topic could else teach the
models to look away. Of an author's verdicts on an event the last one that was given holds, whatever time it
states: a time of the year 9999 could else never be corrected. Where authors contradict each other the event
teaches nothing of that, and is counted. Nor is anything learnt of a uid that different alerts came with.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from enrich.errors import CorpusRefused, Rejected
from enrich.features import text_of
from enrich.formats import Formats, alert_from, packaged_mappings
from enrich.row import History
from training.place import Place
from training.table import Row
from training.verdict_record import VERDICTS, Verdict

SOURCE: Final = "verdicts"
LICENCE: Final = "your own alerts and your analysts' verdicts: a bundle made from them holds words of theirs"
# Above it one person's view is what is learnt.
MOST_OF_ONE: Final = 0.5
# Of an event that goes without its original: what Millrace and its tables said must not come back as a clue.
_OWN: Final = (
    *(
        "unmapped",
        "raw_data",
        "raw_data_hash",
        "raw_data_size",
        "severity",
        "severity_id",
        "status",
        "status_id",
    ),
    *("confidence", "confidence_id", "confidence_score", "risk_score", "risk_level", "risk_level_id"),
    *("anomaly_analyses", "priority", "priority_id", "verdict", "verdict_id"),
    *("osint", "resources"),
)
# Fields of ``enrich.row.History``, in its order: counts, then seconds.
_COUNTS: Final = tuple(name for name in History._fields if name.endswith("m") and name != "warm")
_SINCE: Final = tuple(name for name in History._fields if name.endswith("_s"))
_MOST: Final = 1e12
# Hints, guesses of models among them; OCSF has one place for them and for what the source states.
_OWN_OF_FINDING: Final = "attacks"


class Report(NamedTuple):
    """Counts of one join. events: read in all. authors: allow-listed author -> verdicts that hold, most
    first.

    superseded: replaced by a later one of the same author. strangers: of authors not on the list. unknown:
    on an event that was not given. moved: uids that events of different originals have. contradictions: uids
    where authors contradict each other on what it was; severities: where they do on the severity. silent:
    events whose verdicts teach nothing (a test, a duplicate). skipped: records of topics that could not be
    read, each with its place and what was wrong. rows: events that became rows.
    """

    rows: int
    events: int
    authors: Mapping[str, int]
    superseded: int
    strangers: int
    unknown: int
    moved: tuple[str, ...]
    contradictions: tuple[str, ...]
    severities: tuple[str, ...]
    silent: int
    skipped: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The report for a person, a line each, what needs a look last."""
        total = sum(self.authors.values())
        shares = ", ".join(f"{author} {count / total:.0%}" for author, count in self.authors.items())
        said = [
            f"verdicts: {total:,} that count ({shares or 'none'}); rows from {self.rows:,} of "
            f"{self.events:,} events"
        ]
        if total and len(self.authors) > 1 and max(self.authors.values()) > MOST_OF_ONE * total:
            said.append(f"verdicts: {next(iter(self.authors))} gave more than half of them")
        if total and len(self.authors) == 1:
            said.append(
                f"verdicts: all are {next(iter(self.authors))}'s: one person's view is what is learnt"
            )
        for count, what in (
            (self.superseded, "replaced by a later one of the same author"),
            (self.strangers, "of authors who are not allow-listed: ignored"),
            (self.unknown, "on events that are not there"),
            (self.silent, "events whose verdict teaches nothing (test, duplicate, insufficient data …)"),
        ):
            if count:
                said.append(f"verdicts: {count:,} {what}")
        for uids, what in ((self.contradictions, "what it was"), (self.severities, "the severity")):
            if uids:
                said.append(
                    f"verdicts: authors contradict each other on {what} of {len(uids):,} events, "
                    f"first {uids[0]}: nothing is learnt of that"
                )
        if self.moved:
            said.append(
                f"verdicts: different alerts came with one uid {len(self.moved):,} times, first "
                f"{self.moved[0]}: nothing is learnt of them; look at who may write to the raw topic"
            )
        if self.skipped:
            said.append(
                f"verdicts: {len(self.skipped):,} records of the topics were skipped, first {self.skipped[0]}"
            )
        return tuple(said)


def rows(
    events: Iterable[tuple[Place, Mapping[str, Any]]],
    verdicts: Iterable[tuple[Place, Verdict | None]],
    authors: Collection[str],
    skipped: Sequence[str] = (),
    formats: Formats | None = None,
) -> tuple[list[Row], Report]:
    """Return a row for each event with a verdict that counts, in the order of the events, and the report.

    events: as on the enriched topic; of one uid and original the first is taken. verdicts: in the order in
    which they were given, None for a stranger's. authors: the allow-list. skipped: for the report, looked at
    when all is read. formats: the workers'; None: those that come with Millrace. Raises CorpusRefused for an
    empty list, an event that is none of ours, and where nothing is left.
    """
    if not authors:
        raise CorpusRefused("whose verdicts count? name the authors (setting authors, or --authors)")
    held, strangers, superseded = _last(verdicts, authors)
    found: dict[str, tuple[Place, Mapping[str, Any]]] = {}
    # A record may bring its uid in a header. Who may write to the raw topic could else move a verdict onto
    # another alert by sending that under the uid of the one that was spoken of.
    moved: dict[str, None] = {}
    count = 0
    for place, event in events:
        count += 1
        uid = checked(place, event)
        if uid not in held:  # of millions of events few have a verdict, and only these are kept
            continue
        if uid not in found:
            found[uid] = place, event
        elif event["raw_data_hash"] != found[uid][1]["raw_data_hash"]:
            moved[uid] = None
    for uid in moved:
        del found[uid]
    formats = formats or Formats.of(packaged_mappings())
    made: list[Row] = []
    contradictions, severities, silent = [], [], 0
    for uid, (place, event) in found.items():
        said = held[uid]
        truths = {truth for each in said if (truth := VERDICTS[each.verdict].true_positive) is not None}
        levels = {each.severity_id for each in said if each.severity_id is not None}
        contradictions += [uid] if len(truths) > 1 else []
        severities += [uid] if len(levels) > 1 else []
        truth = truths.pop() if len(truths) == 1 else None
        level = levels.pop() if len(levels) == 1 else None
        if truth is None and level is None:
            silent += uid not in contradictions and uid not in severities
            continue
        made.append(_row(uid, event, truth, level, place, formats))
    names = Counter(each.author for uid, said in held.items() if uid in found for each in said)
    report = Report(
        rows=len(made),
        events=count,
        authors=dict(sorted(names.items(), key=lambda pair: (-pair[1], pair[0]))),
        superseded=superseded,
        strangers=strangers,
        unknown=sum(len(said) for uid, said in held.items() if uid not in found and uid not in moved),
        moved=tuple(moved),
        contradictions=tuple(contradictions),
        severities=tuple(severities),
        silent=silent,
        skipped=tuple(skipped),
    )
    if not made:
        raise CorpusRefused(f"no verdict can be learnt from: {'; '.join(report.lines)}: {_advice(report)}")
    return made, report


def _advice(report: Report) -> str:
    if report.unknown:
        return "the events must still be on the enriched topic: look at its name and retention"
    if report.contradictions or report.severities or report.silent:
        return "let the authors agree, and say what the events were"
    if report.strangers:
        return "name their authors in the setting authors"
    return "give some: `millrace verdict UID true_positive --author NAME` (docs/corpora.md)"


def checked(place: Place, event: Mapping[str, Any]) -> str:
    """Return an event's uid. Raises CorpusRefused for what is no event of ours."""
    place.number_ms(event.get("time"), "time")
    if not place.part(event, "raw_data_hash"):
        place.refuse("raw_data_hash is missing")
    place.part(event, "finding_info")
    return place.text(place.part(event, "metadata"), "uid")


def _last(
    verdicts: Iterable[tuple[Place, Verdict | None]], authors: Collection[str]
) -> tuple[dict[str, list[Verdict]], int, int]:
    """Return each author's last verdict by uid; how many were strangers', how many replaced."""
    last: dict[tuple[str, str], Verdict] = {}
    strangers = superseded = 0
    for _, said in verdicts:
        if said is None or said.author not in authors:
            strangers += 1
            continue
        superseded += (said.uid, said.author) in last
        last[said.uid, said.author] = said
    held: dict[str, list[Verdict]] = {}
    for said in last.values():
        held.setdefault(said.uid, []).append(said)
    return held, strangers, superseded


def _row(
    uid: str, event: Mapping[str, Any], truth: bool | None, level: int | None, place: Place, formats: Formats
) -> Row:
    document, text = _document(event, place, formats)
    return Row(
        id=uid,
        kind="alert",
        text=text or place.text(event, "message"),
        document=document,
        label=level,
        label_source=SOURCE,
        techniques=(),
        true_positive=truth,
        attack="",
        time_ms=place.number_ms(event.get("time"), "time"),
        group="",
        path=place.path,
        row=place.row,
        history=_history(event),
    )


def _history(event: Mapping[str, Any]) -> tuple[int | float | bool | None, ...] | None:
    """Return what the worker's memory knew before this alert (``enrich.row.History``); None: not stated.

    Few events have a verdict: a history of these alone would count far less than what serving counts.
    """
    own: Any = event
    for name in ("unmapped", "millrace", "history"):
        own = own.get(name)
        if type(own) is not dict:
            return None
    if type(own.get("warm")) is not bool:
        return None
    counts = [own.get(name) for name in _COUNTS]
    since = [own.get(name) for name in _SINCE]
    if not own["warm"]:
        counts, since = [0] * len(_COUNTS), [None] * len(_SINCE)
    sound = all(type(each) is int and 0 <= each < _MOST for each in counts) and all(
        each is None or (type(each) in (int, float) and 0 <= each < _MOST) for each in since
    )
    return (*counts, *since, own["warm"], own.get("folded") is True) if sound else None


def _document(event: Mapping[str, Any], place: Place, formats: Formats) -> tuple[bytes, str]:
    """Return the alert as it came in, else the event as any OCSF finding; and the text that models read."""
    raw = event.get("raw_data")
    kept = {key: value for key, value in event.items() if key not in _OWN}
    finding = place.part(event, "finding_info")
    kept["finding_info"] = {key: value for key, value in finding.items() if key != _OWN_OF_FINDING}
    plain = orjson.dumps(kept)
    cut = event.get("metadata", {}).get("is_truncated", False)
    for document in (plain,) if type(raw) is not str or cut else (raw.encode(), plain):
        try:
            return document, text_of(alert_from(document, formats))
        except Rejected:
            continue
    return b"", ""
