"""What is wrong with the ATT&CK ids that a feed states."""

from collections.abc import Iterator
from typing import Final

from enrich.attack.resolve import Reason, Repair
from enrich.lint.finding import Finding, Level
from enrich.lint.report import Report

NAMED: Final = 3
# Warnings are values that mean nothing now; notes are values that Millrace mends, and others may not.
PROBLEMS: Final = {
    Reason.UNKNOWN: (Level.WARNING, "not in Enterprise ATT&CK {version}; correct them in the rules"),
    Reason.MALFORMED: (Level.WARNING, "begin like an id and are none; correct them in the rules"),
    Reason.NOT_ATTACK: (Level.WARNING, "no ATT&CK ids; give them a field of their own"),
    Reason.DEPRECATED: (Level.WARNING, "deprecated, and nothing took their place; choose others"),
    Reason.REVOKED: (Level.NOTE, "revoked; Millrace reads what took their place, update the rules"),
    Reason.RENAMED: (Level.NOTE, "former names; Millrace reads them, update the rules"),
    Repair.WRONG_FIELD: (
        Level.NOTE,
        "techniques where tactics belong, or the other way round; mend the mapping",
    ),
    Repair.WRONG_CASE: (Level.NOTE, "ids in lower case; others look for capitals"),
    Repair.SPELLING: (Level.NOTE, "ids with more or other signs than ATT&CK's own; write T1059.001"),
    Repair.NAME: (Level.NOTE, "names instead of ids; names change, write the ids"),
}


def stated_findings(report: Report) -> Iterator[Finding]:
    """Yield a finding per format and problem. rows and share: of the values stated by the format."""
    stated: dict[str, int] = {}
    for (name, _), rows, _ in report.problems:
        stated[name] = stated.get(name, 0) + rows
    for (name, problem), rows, place in report.problems:
        if not problem:
            continue
        level, text = PROBLEMS[problem]  # type: ignore[index] # both are StrEnum
        values = [each for each in report.wrong if each.key.format == name and each.key.problem == problem]
        shown = ", ".join(_shown(each.key.value, each.key.should_be, each.rows) for each in values[:NAMED])
        more = f" and {len(values) - NAMED} more" if len(values) > NAMED else ""
        said = f"{shown}{more}: {text.format(version=report.attack_version)}"
        yield Finding(level, f"attack_{problem}", name, rows, rows / stated[name], place, said)


def _shown(value: str, should_be: str, rows: int) -> str:
    return f"“{value}”{f' → {should_be}' if should_be and should_be != value else ''} ({rows:,})"
