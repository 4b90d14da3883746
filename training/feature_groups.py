"""Features by what they are about: groups of the matrix's columns, and the lines of a rule's text."""

from typing import Final

from enrich.features import CLASS, DESCRIPTION, FALSE_POSITIVES, NAMES, STATED, TAGS, TITLE


def _of_both(*names: str) -> tuple[str, ...]:
    return tuple(f"{side}_{name}" for side in ("src", "dst") for name in names)


# Columns that tell the same stand together: mixed one by one, each would seem worthless.
GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("hour and weekday", ("hour", "hour_sin", "hour_cos", "weekday", "weekend", "office_hours")),
    ("octets and networks", _of_both("octet_1", "octet_2", "octet_3", "octet_4", "net24")),
    (
        "scope and direction",
        (*_of_both("global", "private", "special"), "ipv6", "inbound", "outbound", "internal"),
    ),
    (
        "ports and protocol",
        ("src_port", "dst_port", "dst_port_system", "dst_port_dynamic", "tcp", "udp", "icmp"),
    ),
    ("bytes and packets", ("bytes_out", "bytes_in", "packets")),
    (
        "what the alert has",
        ("blocked", "has_device", "has_user", "has_process", "has_url", "has_file", "title_chars"),
    ),
    ("technique hints", ("hints", "hint_confidence")),
    (
        "counts of the last hour",
        (
            "history_missing",
            "entity_1m",
            "entity_10m",
            "entity_60m",
            "rule_1m",
            "rule_10m",
            "rule_60m",
        ),
    ),
    (
        "first and last seen",
        ("entity_since", "rule_since", "pair_since", "entity_first", "rule_first", "pair_first"),
    ),
)
COLUMNS: Final = {name: tuple(NAMES.index(each) for each in names) for name, names in GROUPS}
LINES: Final = {
    TITLE: "title",
    CLASS: "class",
    STATED: "ATT&CK as stated",
    DESCRIPTION: "description",
    FALSE_POSITIVES: "notes on false positives",
    TAGS: "tags",
}
