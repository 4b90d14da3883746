"""The report of one bundle: figures of its judged rows, and what training tells besides. Its JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from math import isfinite, nan
from typing import Any, Final

import numpy as np
import orjson
from pydantic import TypeAdapter, ValidationError

from enrich.errors import SettingsWrong
from enrich.text import visible
from training.figures.intervals import RESAMPLES
from training.judged import Judged
from training.reports.compared import Compared, compared
from training.reports.figured import Figured, figured
from training.reports.sections import Sections

# Raised when a program that reads the JSON has to be changed.
VERSION: Final = 1


@dataclass(frozen=True)
class Report:
    """heads: one for each label source that was judged. compared: with another bundle, if there is one."""

    bundle_id: str
    sections: Sections
    heads: tuple[Figured, ...]
    compared: tuple[Compared, ...] = ()


def report_of(
    bundle_id: str,
    judged: Sequence[Judged],
    sections: Sections,
    champion: tuple[str, Sequence[Judged]] | None = None,
    resamples: int = RESAMPLES,
) -> Report:
    """Return the report. champion: id and judged rows of the bundle to compare with."""
    beside = () if champion is None else compared(judged, champion[1], champion[0], resamples)
    return Report(
        bundle_id, sections, tuple(figured(each, resamples) for each in judged if len(each)), beside
    )


def document(report: Report) -> dict[str, Any]:
    """Return all numbers of the report as plain values; what does not exist (NaN) is None."""
    return {"format": "millrace-report", "version": VERSION, **_plain(report)}


def json_of(report: Report) -> bytes:
    """Return the document as JSON."""
    return orjson.dumps(document(report), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def sections_of(content: bytes, where: str) -> Sections:
    """Read what training told back from a report's JSON. Raises SettingsWrong, naming ``where``."""
    try:
        doc = orjson.loads(content)
        if doc["format"] != "millrace-report" or doc["version"] != VERSION:
            raise SettingsWrong(f"{where}: no report of this Millrace's version: evaluate with --data")
        return _SECTIONS.validate_python(_numbers(doc["sections"]))
    except (ValueError, KeyError, TypeError) as error:
        what = "its sections do not fit" if isinstance(error, ValidationError) else "is not a report"
        raise SettingsWrong(f"{where}: {what}: evaluate again with --data") from None


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if hasattr(value, "_asdict"):  # a named tuple
        return {name: _plain(part) for name, part in value._asdict().items()}
    if isinstance(value, Mapping):
        return {visible(str(name)): _plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, str):
        return visible(value)  # a file may be named by what no encoding likes
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 6) if isfinite(value) else None
    return value


def _numbers(value: Any) -> Any:
    """None stands for NaN: no part of Sections may be None."""
    if isinstance(value, dict):
        return {name: _numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_numbers(part) for part in value]
    return nan if value is None else value


_SECTIONS: Final = TypeAdapter(Sections)
