"""What severities are called in lines of text, and what a log level is worth.

A log level says how bad something is for the program that writes, not how bad an attack is: sshd writes a
wrong password at "info" and a missing file at "error". RFC 5424 (6.2.1 and A.3) leaves the meaning to each
originator, and asks receivers not to take two originators' levels for the same. So a level never makes more
than "medium", and "error" and "warning" are "low". Who turns levels into alerts does the same: Wazuh's rules
for the levels of Cisco ASA and SonicWall are of its bands "low" and, for "alert", at most "medium".
"""

from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class Scale:
    """A product's own severities. classes: word or digit in lower case → OCSF class."""

    name: str
    classes: dict[str, int]


# 0 informational, 1 low, 2 medium, 3 high, 4 critical; the words are those of the console.
# https://support.checkpoint.com/results/sk/sk144192 (log fields: severity)
CHECK_POINT: Final = Scale("checkpoint:0-4", {**{str(at): at + 1 for at in range(5)}, **WORDS})
# Severities of rules that find attacks, no levels of a program: "critical" is the highest for one request,
# "emergency" and "alert" are given where the answer shows that it worked. By name, or by number from 0 on.
# https://github.com/owasp-modsecurity/ModSecurity/wiki/Reference-Manual-(v2.x)#severity
_MODSECURITY: Final = {
    "emergency": 5,
    "alert": 5,
    "critical": 4,
    "error": 3,
    "warning": 3,
    "notice": 2,
    "info": 1,
    "debug": 1,
}
MODSECURITY: Final = Scale(
    "modsecurity:0-7",
    {**_MODSECURITY, **{str(at): _MODSECURITY[name] for at, name in enumerate(_MODSECURITY)}},
)
# Priorities of rules: a state written is an error, an unauthorized read a warning, the unexpected a notice.
# https://falco.org/docs/concepts/rules/basic-elements/#priority
FALCO: Final = Scale(
    "falco:words",
    {
        "emergency": 5,
        "alert": 5,
        "critical": 5,
        "error": 4,
        "warning": 3,
        "notice": 2,
        "informational": 1,
        "debug": 1,
    },
)
# EventPriority of connection and malware events; of intrusion and file events it is always high.
FTD: Final = Scale("ftd:low-high", {"low": 2, "medium": 3, "high": 4})


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
