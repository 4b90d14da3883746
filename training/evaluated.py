"""The evaluation of a bundle: from what training kept beside it, or anew on corpora."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from enrich.context import Context
from enrich.errors import SettingsWrong
from models import Store, load, trusted_keys
from models.bundle import signed_manifest
from training.corpora import read as read_corpora
from training.judged import Judged
from training.judging import as_trained, judged_of, split_for
from training.reports import Report, Sections, read, report_of
from training.reports.known import of_manifest, with_data
from training.table import Table

# Where training saves the ids of its split, beside the report.
SPLIT: Final = "split.json"


class Places(NamedTuple):
    """Directories of reports, bundles, and trusted keys. installation: whose promotions count; "": all."""

    reports: Path
    bundles: Path
    trust: Path
    installation: str = ""


def evaluation(
    places: Places,
    bundle_id: str,
    against: str | None,
    data: Path | None,
    production: bool,
    within: Context,
    authors: Collection[str] = (),
) -> tuple[Report, list[Judged], Path]:
    """Return the report, its judged rows, and the directory where it belongs.

    data: corpora to judge on; None: what training kept. within: what their rows are prepared in.
    authors: whose verdicts count.
    Raises SettingsWrong where nothing was kept, BundleRefused, CorpusRefused.
    """
    if data is None:
        judged, sections = read(places.reports / bundle_id)
        champion = None if against is None else (against, read(places.reports / against)[0])
        _check_shared(judged, champion)
        return report_of(bundle_id, judged, sections, champion), judged, places.reports / bundle_id
    for each in (bundle_id, against):
        if each is not None:
            Store(places.bundles, places.installation).path(each)  # before seconds are spent on the corpora
    table = as_trained(
        read_corpora(data, authors=authors, formats=within.formats), places.reports / bundle_id / SPLIT
    )
    judged = _judged(places, bundle_id, table, production, bundle_id, within)
    champion = None
    if against is not None:
        champion = (against, _judged(places, against, table, production, bundle_id, within))
    sections = with_data(_sections(places, bundle_id, production), table)
    report = report_of(bundle_id, judged, sections, champion)
    return report, judged, places.reports / bundle_id / f"on-{table.content_hash[:12]}"


def _judged(
    places: Places, bundle_id: str, table: Table, production: bool, split_of: str, within: Context
) -> list[Judged]:
    """Return a bundle's rows; both bundles of a comparison are judged on the split of the first."""
    store, trusted = Store(places.bundles, places.installation), trusted_keys(places.trust, production)
    models = load(store.path(bundle_id), trusted, production)
    trained: set[str] = set()
    for each in {bundle_id, split_of}:
        with suppress(SettingsWrong):  # nothing kept: nothing is known of what it was trained on
            trained |= {row for judged in read(places.reports / each)[0] for row in judged.train_ids}
    split = split_for(table, places.reports / split_of / SPLIT, frozenset(trained))
    return judged_of(models, table, split, within)


def _sections(places: Places, bundle_id: str, production: bool) -> Sections:
    with suppress(SettingsWrong):
        return read(places.reports / bundle_id)[1]
    trusted = trusted_keys(places.trust, production)
    return of_manifest(
        signed_manifest(Store(places.bundles, places.installation).path(bundle_id), trusted)[0]
    )


def _check_shared(judged: Sequence[Judged], champion: tuple[str, Sequence[Judged]] | None) -> None:
    if champion is None:
        return
    ids = {each.label_source: set(each.ids) for each in judged}
    if not any(ids.get(each.label_source, set()) & set(each.ids) for each in champion[1]):
        raise SettingsWrong(
            f"bundle {champion[0]} was judged on other rows than the first: compare them with --data"
        )
