"""Events of the enriched topic with the verdicts of the feedback topic, as rows to learn from.

A record that cannot be read is skipped and named: it can never be taken back from a topic, and would stop
every training from then on.
"""

from collections.abc import Collection, Iterator
from typing import Any

from enrich.errors import CorpusRefused
from enrich.record import RawRecord
from training import verdicts
from training.corpora import check_labels
from training.corpora.reading import json_object
from training.duplicates import grouped
from training.place import Place
from training.table import Table
from training.verdict_record import Verdict, decoded
from worker.compose import formats
from worker.feedback import records
from worker.kafka_client import consumer
from worker.settings import Settings


def table(
    settings: Settings, authors: Collection[str] = (), since_ms: int | None = None
) -> tuple[Table, verdicts.Report]:
    """Return a row for each event with a verdict that counts, and the report of the join.

    authors: whose verdicts count; not given: those of the setting. since_ms: events written before it are
    not looked at; verdicts always are. A row's path is topic/partition, its number the offset + 1. Raises
    CorpusRefused, KafkaUnreachable, SettingsWrong.
    """
    authors = authors or settings.authors
    skipped: list[str] = []
    with consumer(settings) as client:
        said = list(_verdicts(records(client, settings.topic_feedback), authors, skipped))
        events = _events(records(client, settings.topic_enriched, since_ms), skipped)
        rows, report = verdicts.rows(events, said, authors, skipped, formats(settings))
    made = Table.of(rows, {verdicts.SOURCE: verdicts.LICENCE}, report.lines)
    check_labels(made)
    return grouped(made), report


def _verdicts(
    found: Iterator[RawRecord], authors: Collection[str], skipped: list[str]
) -> Iterator[tuple[Place, Verdict | None]]:
    """Yield the verdicts by partition and offset, None for a stranger's."""
    for record in found:
        if record.value is None:
            continue
        place = _place(record)
        try:
            said = decoded(json_object(record.value, place), place, authors)
            # The key keeps the verdicts on an event in one partition, where offsets say which is the last.
            if said is not None and record.key != said.uid.encode():
                place.refuse("the record's key is not the uid of its verdict")
        except CorpusRefused as error:
            skipped.append(str(error))
        else:
            yield place, said


def _events(found: Iterator[RawRecord], skipped: list[str]) -> Iterator[tuple[Place, dict[str, Any]]]:
    for record in found:
        if record.value is None:
            continue
        place = _place(record)
        try:
            event = json_object(record.value, place)
            verdicts.checked(place, event)
        except CorpusRefused as error:
            skipped.append(str(error))
        else:
            yield place, event


def _place(record: RawRecord) -> Place:
    return Place(f"{record.topic}/{record.partition}", record.offset + 1)
