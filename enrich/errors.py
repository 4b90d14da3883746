"""Every way in which input or settings can be wrong, and whose fault it is.

    MillraceError
    ├── Rejected        the record's fault: it becomes a dead letter with a code, the batch goes on
    ├── SettingsWrong   the operator's fault: one line that says what to do, the process does not start
    ├── BundleRefused   the bundle's fault: not opened; says which file and why
    ├── TableRefused    the file's fault: the last good table stays, or alerts go without
    ├── CorpusRefused   (training) the corpus's fault: names file and row; nothing is trained on half of it
    ├── SnapshotRefused (snapshot) a snapshot of other version or damaged: the history begins cold
    └── StateFailed, SinkFailed, CoreFailed … (worker) the process ends, nothing is acknowledged

A wrong *field* is no error: it becomes None with an entry in ``Alert.quality``.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class DeadCode(StrEnum):
    """Why a record became a dead letter. Stable: these stand in the header ``millrace-code``."""

    UNPARSEABLE = "unparseable"
    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_FORMAT = "unknown_format"
    NOT_AN_ALERT = "not_an_alert"
    OVERSIZE = "oversize"
    POISON = "poison"
    UNDELIVERABLE = "undeliverable"


class QualityCode(StrEnum):
    """What was wrong with a field or repaired in a record. The alert goes on. Stable."""

    BYTES_REPAIRED = "bytes_repaired"
    BOM_STRIPPED = "bom_stripped"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    LONE_SURROGATE = "lone_surrogate"
    CONTROL_CHARACTER = "control_character"
    BAD_TIME = "bad_time"
    TIME_FROM_RECORD = "time_from_record"
    TIME_IN_FUTURE = "time_in_future"
    TIME_TOO_OLD = "time_too_old"
    BAD_IP = "bad_ip"
    BAD_PORT = "bad_port"
    BAD_SEVERITY = "bad_severity"
    BAD_TYPE = "bad_type"
    BAD_TECHNIQUE = "bad_technique"
    NESTING_PRUNED = "nesting_pruned"
    DUPLICATE_KEYS = "duplicate_keys"
    TWICE_ENCODED = "twice_encoded"
    FIELD_TRUNCATED = "field_truncated"
    RAW_NOT_UTF8 = "raw_not_utf8"
    RAW_TRUNCATED = "raw_truncated"
    SCORE_FAILED = "score_failed"


class Quality(NamedTuple):
    """One finding about one alert: the code, and the source's path of the field ("" for the whole)."""

    code: QualityCode
    field: str = ""


class MillraceError(Exception):
    """Root of the tree. ``str(error)`` is one line for a person and says what to do."""


class Rejected(MillraceError):
    """The record cannot become an alert. Never leaves ``pipeline``: it becomes a dead letter."""

    def __init__(self, code: DeadCode, message: str) -> None:
        super().__init__(message)
        self.code: Final = code


class SettingsWrong(MillraceError):
    """A setting, policy, mapping or command-line value is unknown or wrong."""


class TableRefused(MillraceError):
    """A table's file is missing, damaged or wrong: says where and why."""


class CorpusRefused(MillraceError):
    """A corpus has a broken row, a wrong column, mixed scales or no labels: names file and row."""


class BundleRefused(MillraceError):
    """A bundle is missing, changed, not signed by a trusted key, or made for other features."""
