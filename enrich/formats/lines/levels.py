"""What severities are called in lines of text, and what a log level is worth.

A log level says how bad something is for the program that writes, not how bad an attack is: sshd writes a
wrong password at "info" and a missing file at "error". RFC 5424 (6.2.1 and A.3) leaves the meaning to each
originator, and asks receivers not to take two originators' levels for the same. So a level never makes more
than "medium", and "error" and "warning" are "low". Who turns levels into alerts does the same: Wazuh's rules
for the levels of Cisco ASA and SonicWall are of its bands "low" and, for "alert", at most "medium".
"""

from typing import Final

from enrich.errors import Quality, QualityCode

SYSLOG_SCALE: Final = "syslog:0-7"
LEVEL_SCALE: Final = "syslog:words"

# By syslog severity number: emergency, alert, critical, error, warning, notice, informational, debug.
# https://www.rfc-editor.org/rfc/rfc5424#section-6.2.1
NUMBERED: Final = (3, 3, 3, 2, 2, 1, 1, 1)
NAMES: Final = {
    **dict.fromkeys(("emerg", "emergency", "panic"), 0),
    "alert": 1,
    **dict.fromkeys(("crit", "critical", "severe"), 2),
    **dict.fromkeys(("err", "error", "fatal"), 3),
    **dict.fromkeys(("warn", "warning"), 4),
    **dict.fromkeys(("notice", "notification"), 5),
    **dict.fromkeys(("info", "information", "informational"), 6),
    **{f"debug{depth}": 7 for depth in ("", "1", "2", "3")},
    **dict.fromkeys(("trace", "verbose"), 7),
}
# A severity of the thing reported, in words that detectors use for OCSF's own five classes.
# https://schema.ocsf.io/1.8.0/classes/detection_finding (severity_id)
WORDS: Final = {
    **dict.fromkeys(("informational", "information", "info", "none", "clean"), 1),
    **dict.fromkeys(("low", "minor"), 2),
    **dict.fromkeys(("medium", "moderate", "elevated"), 3),
    **dict.fromkeys(("high", "major", "severe"), 4),
    **dict.fromkeys(("critical", "very-high", "very high", "veryhigh"), 5),
}


def level(word: str) -> int | None:
    """Return the OCSF class of a log level by its name, None where it is none.

    >>> level("err"), level("NOTICE"), level("loud")
    (2, 1, None)
    """
    number = NAMES.get(word.lower())
    return None if number is None else NUMBERED[number]


def numbered(digits: str, path: str, quality: list[Quality]) -> int | None:
    """Return the OCSF class of a syslog severity 0-7."""
    if len(digits) == 1 and digits in "01234567":
        return NUMBERED[int(digits)]
    quality.append(Quality(QualityCode.BAD_SEVERITY, path))
    return None
