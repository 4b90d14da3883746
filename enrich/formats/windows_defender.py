"""What Windows Defender's own events say of the threat: name, severity, file, and what was done about it.
https://learn.microsoft.com/en-us/defender-endpoint/troubleshoot-microsoft-defender-antivirus
"""

from typing import Final, NamedTuple

from enrich.errors import Quality, QualityCode
from enrich.formats import fields
from enrich.formats.windows_fields import Data

SCALE: Final = "windows-defender:1-5"
# Low, moderate, high, severe; 0 is unknown.
# https://learn.microsoft.com/en-us/windows/win32/lwef/mpthreat-severity
SEVERITIES: Final = {"1": 2, "2": 3, "4": 4, "5": 5}
WORDS: Final = {"low": 2, "moderate": 3, "high": 4, "severe": 5}
_UNKNOWN: Final = ("0", "unknown")
# Clean, quarantine, remove, block; allow.
# https://learn.microsoft.com/en-us/windows/win32/lwef/mpthreat-action
_ACTIONS: Final = {**dict.fromkeys(("1", "2", "3", "10"), "blocked"), "6": "allowed"}
_ACTED: Final = frozenset(("1007", "1117"))
# The EICAR test file, which only tests that the antivirus works.
# https://learn.microsoft.com/en-us/defender-endpoint/validate-antimalware
EICAR: Final = "Virus:DOS/EICAR_Test_File"
EICAR_ID: Final = "2147519003"


class Threat(NamedTuple):
    """What Defender found. severity_text None: it states none."""

    name: str | None
    uid: str | None
    severity_id: int | None
    severity_text: str | None
    action: str | None
    file_path: str | None
    is_sample: bool


def threat(data: Data, event_id: str | None) -> Threat:
    """Return what the event says of the threat, and take it out of its data."""
    name = data.text(("Threat Name", "ThreatName"))
    uid = data.text(("Threat ID", "ThreatID"))
    severity_id, severity_text = _threat_severity(data)
    action = None
    if event_id in _ACTED:
        action = _ACTIONS.get(data.text(("Action ID",)) or "")
    path = data.text(("Path",))
    file_path = None if path is None else resource(path)
    is_sample = name == EICAR or uid == EICAR_ID
    return Threat(name, uid, severity_id, severity_text, action, file_path, is_sample)


def _threat_severity(data: Data) -> tuple[int | None, str | None]:
    for keys, known in ((("Severity ID",), SEVERITIES), (("Severity Name",), WORDS)):
        path, value = data.given(keys)
        received = fields.word(value, path, data.quality)
        if received is None:
            continue
        found = known.get(received.strip().lower())
        if found is None and received.strip().lower() not in _UNKNOWN:
            data.quality.append(Quality(QualityCode.BAD_SEVERITY, path))
        return found, received
    return None, None


def resource(path: str) -> str | None:
    r"""Return the first file of Defender's list of resources, without the kind before it.

    >>> resource(r"containerfile:_C:\a.zip; file:_C:\a.zip->b.exe"), resource(r"C:\a.exe")
    ('C:\\a.zip->b.exe', 'C:\\a.exe')
    """
    listed = [item.strip() for item in path.split(";")]
    chosen = next((item for item in listed if item.startswith("file:_")), listed[0])
    kind, mark, file = chosen.partition(":_")
    return (file if mark and kind.isalpha() else chosen) or None
