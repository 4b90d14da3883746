"""The stable codes in words, for people: what a quality code says, and what helps against a dead letter."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from enrich.errors import DeadCode, QualityCode


class Advice(NamedTuple):
    """what: happened. helps: what to do."""

    what: str
    helps: str


QUALITY: Final[Mapping[QualityCode, str]] = {
    QualityCode.BYTES_REPAIRED: "bytes that are not UTF-8; now U+FFFD",
    QualityCode.BOM_STRIPPED: "a byte order mark; taken off",
    QualityCode.NUMBER_OUT_OF_RANGE: "a number beyond 64 bits, infinite or none; left out, or rounded",
    QualityCode.LONE_SURROGATE: "half a surrogate pair; now U+FFFD",
    QualityCode.CONTROL_CHARACTER: "a raw control character inside a text; kept",
    QualityCode.BAD_TIME: "not a time; left out",
    QualityCode.TIME_FROM_RECORD: "no readable time; the record's own stands in",
    QualityCode.TIME_IN_FUTURE: "more than five minutes ahead of the record; not counted in the history",
    QualityCode.TIME_TOO_OLD: "older than the window; not counted in the history",
    QualityCode.BAD_IP: "not an address; left out",
    QualityCode.BAD_PORT: "not a port; left out",
    QualityCode.BAD_SEVERITY: "not on the source's scale, or on a scale that is not known; no class",
    QualityCode.BAD_TYPE: "of a type that can not be this field's; left out",
    QualityCode.BAD_TECHNIQUE: "no live ATT&CK id in its own field; repaired or left out",
    QualityCode.NESTING_PRUNED: "nested too deep; read as null",
    QualityCode.DUPLICATE_KEYS: "one key given twice in an object; the last one counts",
    QualityCode.TWICE_ENCODED: "an object written as a text; read as the object",
    QualityCode.FIELD_TRUNCATED: "longer than what is kept of one field; cut",
    QualityCode.RAW_NOT_UTF8: "the original bytes are not UTF-8; kept in another coding",
    QualityCode.RAW_TRUNCATED: "the original is too long; cut",
    QualityCode.SCORE_FAILED: "a model failed on it; routed by its stated severity",
}

DEAD: Final[Mapping[DeadCode, Advice]] = {
    DeadCode.UNPARSEABLE: Advice(
        "bytes that are not JSON and no known line of text, even after one tolerant try",
        "look at what the producer writes: one whole record per message",
    ),
    DeadCode.NOT_AN_OBJECT: Advice(
        "JSON, but a list, a number or a text", "have the producer send one alert object per record"
    ),
    DeadCode.UNKNOWN_FORMAT: Advice(
        "a record that no format knows",
        "write a mapping for it (docs/formats.md), then `millrace dead redrive`",
    ),
    DeadCode.NOT_AN_ALERT: Advice(
        "of a known format, but another kind of record", "filter it out at the producer"
    ),
    DeadCode.OVERSIZE: Advice(
        "larger than raw_limit", "raise raw_limit for the workers, then `millrace dead redrive`"
    ),
    DeadCode.POISON: Advice(
        "workers died of it, three times, and of it alone", "install a newer version, then redrive it"
    ),
    DeadCode.UNDELIVERABLE: Advice(
        "its event was refused by an output topic as too large", "raise max.message.bytes of that topic"
    ),
}
