"""The result of a Sigma rule, whichever engine wrote it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

Place = tuple[str | int, ...]


class Result(NamedTuple):
    """One result, values as received.

    prefix: path of the rule's fields. techniques, tactics: those not among the tags. event: the document of
    the event, the first if there are several. rest: what is left of the result, a copy; ``place`` says where
    in it the rest of the event belongs, None where it stays there whole anyhow.
    """

    prefix: str
    title: object
    rule_id: object
    level: object
    description: object
    tags: object
    techniques: object
    tactics: object
    logsource: object
    false_positives: object
    stamp: object
    event: Mapping[str, Any]
    rest: dict[str, Any]
    place: Place | None
