"""Stated severities → OCSF classes: by word, or by the band that a number falls in."""

import re
from collections.abc import Mapping as MappingABC
from typing import Final, NamedTuple

from enrich.errors import Quality, QualityCode
from enrich.formats import fields

_DECIMAL: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


class Bands(NamedTuple):
    """most: highest number of the scale. steps: (lowest number of the band, class), highest band first."""

    most: float
    steps: tuple[tuple[float, int], ...]


def by_word(
    value: object, table: MappingABC[str, int | None], path: str, quality: list[Quality]
) -> tuple[int | None, str | None]:
    """Return the class of a word and the word as received. In the table, None: the word says "not known"."""
    received = fields.word(value, path, quality)
    if received is None:
        return None, None
    word = received.strip().lower()
    if word not in table:
        quality.append(Quality(QualityCode.BAD_SEVERITY, path))
        return None, received
    return table[word], received


def by_band(value: object, bands: Bands, path: str, quality: list[Quality]) -> tuple[int | None, str | None]:
    """Return the class of a number, or of a text that spells one, and the text as received."""
    received = fields.word(value, path, quality)
    if received is None:
        return None, None
    found = number(value)
    if found is not None and found <= bands.most:
        for least, severity_id in bands.steps:
            if found >= least:
                return severity_id, received
    quality.append(Quality(QualityCode.BAD_SEVERITY, path))
    return None, received


def number(value: object) -> float | None:
    """Return the number >= 0 that this is or spells in plain decimals, else None.

    >>> number(8.5), number("8.5"), number("1e3"), number(True)
    (8.5, 8.5, None, None)
    """
    if type(value) is str:
        return float(value) if _DECIMAL.fullmatch(value) else None
    if type(value) is int or type(value) is float:
        return value if value >= 0 else None
    return None
