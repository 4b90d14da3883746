"""Sections of a report where nobody kept any: what the signed manifest and the corpora tell by themselves."""

from dataclasses import replace

from models.manifest import Manifest
from training.gates.evidence import GateResult
from training.reports.sections import Sections, Source
from training.table import Table

_NOTHING = float("nan")


def of_manifest(manifest: Manifest) -> Sections:
    """Return name, time, features, parameters and gates of a bundle."""
    return Sections(
        name=manifest.name,
        made=f"{manifest.created:%Y-%m-%d %H:%M} UTC",
        features_hash=manifest.features_hash,
        parameters=tuple((name, str(value)) for name, value in manifest.parameters.items()),
        gates=tuple(
            GateResult(each.name, each.passed, each.reason, _NOTHING, _NOTHING) for each in manifest.gates
        ),
    )


def with_data(sections: Sections, table: Table) -> Sections:
    """Return the sections with these corpora as the data, and what reading them left out as notes."""
    found = []
    for each in table.shares:
        informational, low, medium, high, critical = each.classes
        counts = (informational, low, medium, high, critical)
        licence = table.licences.get(each.label_source, "not stated")
        found.append(Source(each.label_source, each.rows, counts, table.content_hash, licence, each.kind))
    return replace(sections, sources=tuple(found), splits=(), notes=table.notes)
