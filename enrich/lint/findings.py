"""Report → findings: each rule reads counts and says what is so and what to do."""

from collections.abc import Iterator
from typing import Final

from enrich.errors import DeadCode, QualityCode
from enrich.lint.facts import Facts
from enrich.lint.finding import Finding, Level, graded, percent, sorted_findings
from enrich.lint.report import Report
from enrich.lint.source_findings import source_findings
from enrich.lint.stated_findings import stated_findings
from enrich.lint.tally import Mark
from enrich.lint.time_findings import time_findings

# Names and values in one sentence.
NAMED: Final = 3
# Top-level keys named of objects that no format knows.
KEYS: Final = 8
# One severity for all: only said of so many alerts of so many rules.
CONSTANT_ALERTS: Final = 100
CONSTANT_RULES: Final = 5
# Shares of repeats.
REPEATS: Final = 0.05
MANY_REPEATS: Final = 0.5

_ERROR, _WARNING, _NOTE = Level.ERROR, Level.WARNING, Level.NOTE

DEAD: Final = {
    DeadCode.UNPARSEABLE: (_ERROR, "no JSON and no line that a format knows; mend the producer"),
    DeadCode.NOT_AN_OBJECT: (_ERROR, "JSON, but no object; send one alert object per record"),
    DeadCode.UNKNOWN_FORMAT: (
        _ERROR,
        "no format knows them; write a mapping for them (docs/formats.md)",
    ),
    DeadCode.NOT_AN_ALERT: (
        _NOTE,
        "records of a known format that are no alerts become dead letters; filter them at the producer",
    ),
    DeadCode.OVERSIZE: (_ERROR, "larger than raw_limit; raise it for the workers, or cut at the producer"),
}
# Those that parsing gives; what is said of times, severities and techniques has rules of its own.
QUALITY: Final = {
    QualityCode.BYTES_REPAIRED: (
        _WARNING,
        "bytes that are not UTF-8 became U+FFFD; let the producer write UTF-8",
    ),
    QualityCode.BOM_STRIPPED: (
        _NOTE,
        "a byte order mark was taken off; let the producer write UTF-8 without one",
    ),
    QualityCode.NUMBER_OUT_OF_RANGE: (
        _WARNING,
        "NaN, an infinity or an integer beyond 64 bits was left out; write such numbers as text",
    ),
    QualityCode.LONE_SURROGATE: (
        _WARNING,
        "half of a surrogate pair became U+FFFD; a text was cut in the middle",
    ),
    QualityCode.CONTROL_CHARACTER: (
        _WARNING,
        "raw control characters: no strict JSON reader takes these rows; let the producer escape them",
    ),
    QualityCode.BAD_IP: (_WARNING, "no address, left out; see what the producer writes there"),
    QualityCode.BAD_PORT: (_WARNING, "no port 0-65535, left out; see what the producer writes there"),
    QualityCode.BAD_TYPE: (
        _WARNING,
        "a value that cannot be this field's was left out; compare with docs/formats.md",
    ),
    QualityCode.NESTING_PRUNED: (
        _WARNING,
        "nested deeper than 128 levels: what lies deeper is null; no alert needs that",
    ),
    QualityCode.DUPLICATE_KEYS: (
        _WARNING,
        "a key twice in one object: Millrace reads the last, others the first, so that one of them can be "
        "deceived; find out who writes the second",
    ),
    QualityCode.TWICE_ENCODED: (_NOTE, "JSON within a JSON text; let the producer encode once"),
    QualityCode.FIELD_TRUNCATED: (
        _NOTE,
        "a text beyond 1,024 characters or a long list was cut; raw_data has it whole",
    ),
}


def findings(report: Report) -> tuple[Finding, ...]:
    """Return what is wrong with the feed, errors first."""
    found = [
        *_lost(report),
        *(each for name, facts in report.formats.items() for each in _of_format(name, facts)),
        *(each for name, facts in report.formats.items() for each in time_findings(name, facts, report)),
        *stated_findings(report),
        *_repeated(report),
        *source_findings(report),
    ]
    return sorted_findings(found)


def _lost(report: Report) -> Iterator[Finding]:
    if not report.rows:
        yield Finding(
            _ERROR, "empty", "feed", 0, None, None, "there is no row; look at the path to the producer"
        )
        return
    for code, rows, place in report.dead:
        level, text = DEAD[code]
        share = rows / report.rows
        if code is DeadCode.UNKNOWN_FORMAT:
            text = f"objects with {_keys(report)}: {text}"
        yield Finding(graded(level, share), code, "feed", rows, share, place, text)
    if report.tombstones.rows:
        rows, place = report.tombstones.rows, report.tombstones.place
        text = "records without a value are skipped; a raw topic needs none"
        yield Finding(_NOTE, "tombstones", "feed", rows, rows / report.rows, place, text)


def _keys(report: Report) -> str:
    if not report.unknown_keys:
        return "no keys"
    shares = ((each.key, each.rows / report.unknown) for each in report.unknown_keys[:KEYS])
    return "the keys " + ", ".join(
        key if share == 1 else f"{key} ({percent(share)})" for key, share in shares
    )


def _of_format(name: str, facts: Facts) -> Iterator[Finding]:
    for code, rows, place in facts.codes.most():
        if code in QUALITY:
            level, text = QUALITY[code]
            fields = [field for field, _ in facts.fields_of(code).most_common() if field]
            said = f"{_listed(fields)}: {text}" if fields else text
            yield Finding(level, code, name, rows, rows / facts.alerts, place, said)
    yield from _severity(name, facts)

    def marked(mark: Mark, level: Level, code: str, text: str) -> Iterator[Finding]:
        if mark.rows:
            yield Finding(level, code, name, mark.rows, mark.rows / facts.alerts, mark.place, text)

    yield from marked(
        *(facts.ruleless, _NOTE, "rule_missing"),
        "no id of a rule: the title stands in for it, in history, suppression and policy; if titles vary "
        "from alert to alert, let the producer state an id",
    )
    yield from marked(
        *(facts.aboutless, _WARNING, "about_missing"),
        "no address, host or user: nothing but the rule ties such alerts together; let the producer say whom "
        "they are about",
    )
    yield from marked(*(facts.samples, _NOTE, "samples"), "test or sample findings: they never escalate")


def _severity(name: str, facts: Facts) -> Iterator[Finding]:
    stated = facts.severities.most()
    wrong = [each for each in stated if each.key[2] is None]
    if wrong:
        rows = sum(each.rows for each in wrong)
        scale = wrong[0].key[1] or "its scale"
        values = _listed([f"“{each.key[0]}”" for each in wrong])
        text = f"outside {scale}: {values}; correct the producer or its mapping"
        share = rows / facts.alerts
        place = wrong[0].place
        yield Finding(graded(_ERROR, share), QualityCode.BAD_SEVERITY, name, rows, share, place, text)
    if facts.unstated.rows:
        rows = facts.unstated.rows
        if rows == facts.alerts:
            level, text = (
                _NOTE,
                "states no severity: the models alone judge it; a mapping may read one ([severity])",
            )
        else:
            level, text = (
                _WARNING,
                "without a severity, where others of this format state one; see what these alerts are",
            )
        yield Finding(level, "severity_missing", name, rows, rows / facts.alerts, facts.unstated.place, text)
    if len(stated) == 1 and not wrong and facts.rules >= CONSTANT_RULES and stated[0].rows >= CONSTANT_ALERTS:
        value, rows, place = stated[0]
        text = (
            f"{facts.rules} rules and one severity for all, “{value[0]}”: it says nothing; see whether the "
            "producer fills it, else map another field"
        )
        yield Finding(_WARNING, "severity_constant", name, rows, rows / facts.alerts, place, text)


def _repeated(report: Report) -> Iterator[Finding]:
    found = report.repeats
    about = "" if found.exact else f" (by a sample of {found.looked_at:,} rows)"
    if found.times is not None:
        often = "twice" if found.times == 2 else f"{found.times} times"
        text = f"nearly every row is there {often}{about}: several shippers read one source; stop all but one"
        yield Finding(_WARNING, "sent_twice", "feed", found.rows, found.share, found.burst_place, text)
    elif found.share >= REPEATS:
        level = _WARNING if found.share >= MANY_REPEATS else _NOTE
        text = (
            f"byte for byte there before{about}; longest run {found.burst:,}, most frequent row "
            f"{found.most:,} times; copies share finding_info.uid, and `suppress` in the policy keeps them "
            "from analysts"
        )
        yield Finding(level, "repeats", "feed", found.rows, found.share, found.burst_place, text)


def _listed(values: list[str]) -> str:
    more = len(values) - NAMED
    return ", ".join(values[:NAMED]) + (f" and {more} more" if more > 0 else "")
