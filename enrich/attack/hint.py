"""The Hint: a technique, and why we name it."""

from typing import Final, NamedTuple

# Most hints given for one alert. More would be read by nobody; the strongest come first.
HINTS_MAX: Final = 5
# Longest stated value shown as evidence, in characters.
EVIDENCE_MAX: Final = 80


class Span(NamedTuple):
    """Where the evidence stands: characters start to end (not included) of a text of the Alert.

    field: "title", "category", "process.command_line", "process.path", "process.name", "message", "url",
    "user_agent" or "rule_id".
    """

    field: str
    start: int
    end: int


class Hint(NamedTuple):
    """A live ATT&CK technique that an alert may show.

    uid, name: of the current technique.
    tactics: (uid, name) pairs: the only tactic of the technique, or those the source paired with it; empty
        where the technique has several and the source paired none.
    source: "stated" (by the detector), "table" (our table of rules, signatures and event codes), "pattern"
        (our own words table) or "model" (a text classifier).
    evidence: of the table the code or the beginning of the title, of a pattern the matched words, in lower
        case ("service … created": two words near each other); else the stated value and its field.
    confidence: 0-1, see docs/attack.md.
    as_received: the stated value, at most EVIDENCE_MAX characters; None where nothing was stated.
    was_revoked: the stated id was revoked, uid is what took its place.
    span: where the evidence of a table or a pattern stands; None of the others.
    """

    uid: str
    name: str
    tactics: tuple[tuple[str, str], ...]
    source: str
    evidence: str
    confidence: float
    as_received: str | None = None
    was_revoked: bool = False
    span: Span | None = None
