"""A verdict on the feedback topic: what an analyst says of one event, in OCSF's words.

    key    metadata.uid of the event
    value  {"uid", "verdict_id", "verdict", "author", "time", "severity_id"?, "severity"?, "comment"?}

https://schema.ocsf.io/1.8.0/dictionary?extensions=#verdict_id
"""

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

import orjson

from enrich.errors import SettingsWrong
from training.place import Place

_UID: Final = re.compile("[0-9a-f]{32}")
COMMENT_LIMIT: Final = 2_000
SEVERITIES: Final = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}


class Word(NamedTuple):
    """id, caption: of OCSF 1.8.0. true_positive: what it teaches, None: nothing about that."""

    id: int
    caption: str
    true_positive: bool | None


VERDICTS: Final = {
    "false_positive": Word(1, "False Positive", False),
    "true_positive": Word(2, "True Positive", True),
    # "Unimportant, an error or accident": nobody had to see it.
    "disregard": Word(3, "Disregard", False),
    "suspicious": Word(4, "Suspicious", None),
    "benign": Word(5, "Benign", False),
    "test": Word(6, "Test", None),
    "insufficient_data": Word(7, "Insufficient Data", None),
    "security_risk": Word(8, "Security Risk", True),
    # Who else deals with it, and that it came before, say nothing of what it was.
    "managed_externally": Word(9, "Managed Externally", None),
    "duplicate": Word(10, "Duplicate", None),
}
_WORD_OF: Final = {word.id: name for name, word in VERDICTS.items()}


class Verdict(NamedTuple):
    """verdict: key of VERDICTS. time_ms: when it was said. severity_id: 1-5 in the author's eyes, or None."""

    uid: str
    verdict: str
    author: str
    time_ms: int
    severity_id: int | None
    comment: str | None


def verdict(
    uid: str,
    word: str,
    author: str,
    time_ms: int,
    severity: str | None = None,
    comment: str | None = None,
    authors: Sequence[str] = (),
) -> Verdict:
    """Return a verdict that was typed. authors: whose verdicts count; nobody else's is taken.

    Raises SettingsWrong in one line that says what could have been meant.
    """
    if not _UID.fullmatch(uid):
        raise SettingsWrong(f"{uid[:80]!r} is no uid: 32 hex digits, metadata.uid of the event")
    name = word.strip().lower().replace("-", "_").replace(" ", "_")
    if name not in VERDICTS:
        raise SettingsWrong(f"verdict {word[:40]!r}: {_meant(name, list(VERDICTS))}")
    author = author.strip()
    if not authors:
        raise SettingsWrong("no author is allow-listed: name them in the setting authors (docs/corpora.md)")
    if author not in authors:
        raise SettingsWrong(
            f"--author {author[:80]!r} is not in the setting authors: {_meant(author, authors)}"
        )
    for option, text in (("--author", author), ("--comment", comment)):
        if text is not None and _is_broken(text):
            raise SettingsWrong(f"{option} is not valid Unicode: type it in UTF-8, the terminal's locale too")
    if comment is not None and len(comment) > COMMENT_LIMIT:
        raise SettingsWrong(f"--comment has {len(comment):,} characters, at most {COMMENT_LIMIT:,} are kept")
    level = None if severity is None else severity.strip().lower()
    if level is not None and level not in SEVERITIES:
        raise SettingsWrong(f"--severity {severity!r}: {_meant(level, list(SEVERITIES))}")
    return Verdict(uid, name, author, time_ms, None if level is None else SEVERITIES[level], comment or None)


def encoded(said: Verdict) -> tuple[bytes, bytes]:
    """Return key and value of the record."""
    word = VERDICTS[said.verdict]
    doc: dict[str, Any] = {
        "uid": said.uid,
        "verdict_id": word.id,
        "verdict": word.caption,
        "author": said.author,
        "time": said.time_ms,
    }
    if said.severity_id is not None:
        doc["severity_id"] = said.severity_id
        doc["severity"] = next(
            name for name, each in SEVERITIES.items() if each == said.severity_id
        ).capitalize()
    if said.comment is not None:
        doc["comment"] = said.comment
    return said.uid.encode(), orjson.dumps(doc)


def decoded(doc: dict[str, Any], place: Place, authors: Collection[str]) -> Verdict | None:
    """Return the verdict of a record's value. Raises CorpusRefused that names the place.

    None: its author is not on the list, and the rest is not looked at, so that a stranger can stop nothing.
    """
    author = place.text(doc, "author")
    if author not in authors:
        return None
    uid = place.text(doc, "uid")
    if not _UID.fullmatch(uid):
        place.refuse("uid is not 32 hex digits")
    number = place.number(doc.get("verdict_id"), 0, 99, "verdict_id")
    if number not in _WORD_OF:
        place.refuse(f"verdict_id is {number}, not one of {', '.join(map(str, _WORD_OF))}")
    level = doc.get("severity_id")
    return Verdict(
        uid,
        _WORD_OF[number],
        author,
        place.number_ms(doc.get("time"), "time"),
        None if level is None else place.number(level, 1, 5, "severity_id"),
        place.text(doc, "comment", empty=True) or None,
    )


def _is_broken(text: str) -> bool:
    """Return whether a text holds halves of characters: bytes that are no UTF-8 come as such from a shell."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _meant(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
