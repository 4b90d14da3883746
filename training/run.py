"""``millrace train --data``: corpora in, a signed candidate and its report out. Nothing is promoted."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from time import time
from typing import Final, NamedTuple

from threadpoolctl import threadpool_limits

from enrich.errors import BundleRefused, SettingsWrong
from models import SigningKey, Store, trusted_keys
from models.bundle import opened
from training import corpora, reports
from training.contest import Champion
from training.duplicates import joined_and_grouped
from training.evaluated import SPLIT, Places
from training.reports import Report
from training.stages import Stages, Tell, key_of
from training.table import Table
from training.train import Candidate, Options, candidate

# A training takes minutes; one whose stages are older than this is not going on.
GIVEN_UP_S: Final = 86_400.0


class Trained(NamedTuple):
    """content: hash of the models alone: the same for the same corpora, options and code, at any time.

    page: of the report. refused: gates that were not passed, "gate: reason" each.
    """

    bundle_id: str
    content: str
    report: Report
    page: Path
    refused: tuple[str, ...]
    metrics: Mapping[str, float]
    seconds: float


def trained(
    *,
    data: Collection[Path],
    more: Table | None,
    authors: Collection[str],
    places: Places,
    work: Path,
    key: SigningKey,
    options: Options,
    now: datetime,
    production: bool,
    tell: Tell,
) -> Trained:
    """Train, judge, sign; promote nothing.

    data: files or directories of corpora. more: rows that are at hand already (verdicts of the topics).
    work: where stages are kept until the training is done; a run that was cut off goes on from there.
    Raises CorpusRefused, SettingsWrong; BundleRefused where models came out that cannot serve.
    """
    stages = Stages(None, tell)
    formats = options.within.formats
    tables = [] if more is None else [more]
    for path in data:
        with stages.timed(f"read {path.name or path}") as told:
            tables.append(corpora.read(path, _read_told(told), near=False, authors=authors, formats=formats))
    with stages.timed("near-duplicates", sum(map(len, tables))):
        table = joined_and_grouped(tables)
    stages = Stages(_place(work, key_of(table.content_hash, options)[:16]), tell, stages.told)
    store = Store(places.bundles, places.installation)
    # Sums of several threads have other bits, and where cores are busy threads mostly wait.
    with threadpool_limits(1):
        made = candidate(table, options, now, stages, _champion(store, places, production))
    with stages.timed("sign"):
        bundle_id = store.add(made.models, made.facts, key)
    with stages.timed("report"):
        report, page = _reported(made, bundle_id, places, stages)
    stages.forget()
    refused = tuple(f"{gate.name}: {gate.reason}" for gate in made.facts.gates if not gate.passed)
    seconds = sum(stage.seconds for stage in stages.told)
    return Trained(bundle_id, made.content, report, page, refused, made.facts.metrics, seconds)


def _place(work: Path, name: str) -> Path:
    """Return the directory of this training's stages; those of trainings that were given up are removed.

    They hold alerts, and nobody comes back for them: corpora, options or code are others by now.
    """
    for left in work.iterdir() if work.is_dir() else ():
        with suppress(OSError):  # another training may be at it
            if left.name != name and time() - left.stat().st_mtime > GIVEN_UP_S:
                rmtree(left, ignore_errors=True)
    return work / name


def _read_told(told: Callable[[int], None]) -> Callable[[str, int], None]:
    return lambda file, rows: told(rows)


def _champion(store: Store, places: Places, production: bool) -> Champion | None:
    """Return what is promoted; None: nothing is, or a bootstrap bundle, which knows no source of yours."""
    trusted = trusted_keys(places.trust, production)
    if not store.history(trusted, production):
        return None
    try:
        record = store.current(trusted, production)
        models = opened(store.verified(record, trusted, production), store.path(record.bundle_id))
    except BundleRefused as refused:
        return Champion("", None, frozenset(), str(refused))
    if models.bootstrap:
        return None
    ids: set[str] = set()
    with suppress(SettingsWrong):
        judged, _ = reports.read(places.reports / record.bundle_id)
        ids = {row for each in judged for row in each.train_ids}
    return Champion(record.bundle_id, models, frozenset(ids))


def _reported(made: Candidate, bundle_id: str, places: Places, stages: Stages) -> tuple[Report, Path]:
    sections = replace(made.sections, stages=tuple(stages.told))
    champion = None
    if made.champion is not None and made.beside:
        champion = (made.champion.bundle_id, made.beside)
    report = reports.report_of(bundle_id, made.judged, sections, champion)
    place = places.reports / bundle_id
    page = reports.write(place, report, made.judged)
    made.split.save(place / SPLIT)
    return report, page
