"""The Hint: a technique, and why we name it."""

from typing import Final, NamedTuple

# Most hints given for one alert. More would be read by nobody; the strongest come first.
HINTS_MAX: Final = 5
# Longest stated value shown as evidence, in characters.
EVIDENCE_MAX: Final = 80


class Hint(NamedTuple):
    """A live ATT&CK technique that an alert may show.

    uid, name: of the current technique.
    tactics: (uid, name) pairs: the only tactic of the technique, or those the source paired with it; empty
        where the technique has several and the source paired none.
    source: "stated" (by the detector) or "pattern" (our own words table).
    evidence: for a pattern the matched words, in lower case; else the stated value and the field it stood in.
    confidence: 0-1, see docs/attack.md.
    as_received: the stated value, at most EVIDENCE_MAX characters; None for a pattern.
    was_revoked: the stated id was revoked, uid is what took its place.
    """

    uid: str
    name: str
    tactics: tuple[tuple[str, str], ...]
    source: str
    evidence: str
    confidence: float
    as_received: str | None = None
    was_revoked: bool = False
