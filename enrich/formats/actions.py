"""What detectors write for "allowed" and "blocked": one table, for every format that reads an action.

Words are compared in lower case. "detected", "monitored", "alert" say what was seen and not what was done:
they are neither.
"""

from typing import Final

_ALLOWED: Final = (
    *("allow", "allowed", "accept", "accepted", "pass", "passed", "permit", "permitted"),
    # FortiGate, Cisco, Check Point, Cisco's prefilter; what only logs has let it through.
    *("passthrough", "built", "log-only", "detect-only", "bypass", "trust", "fastpath"),
)
_BLOCKED: Final = (
    *("block", "blocked", "deny", "denied", "drop", "dropped", "reject", "rejected", "prevent", "prevented"),
    *("discard", "discarded", "refuse", "refused", "reset", "sinkhole", "quarantine", "quarantined"),
    *("drop-all", "drop-packet", "block-url", "block-ip"),
    # fail2ban; access control and file policies of Cisco.
    *("ban", "restore ban", "malware block", "block with reset", "interactive block"),
)
_ACTIONS: Final = {**dict.fromkeys(_ALLOWED, "allowed"), **dict.fromkeys(_BLOCKED, "blocked")}
# How those begin that say more: PAN-OS's "reset-client", Imperva's "REQ_BLOCKED_SECURITY", "REQ_PASSED".
_BLOCKED_STARTS: Final = ("reset-", "req_blocked", "prevent")
_ALLOWED_STARTS: Final = ("req_passed", "req_cached")


def action(value: object) -> str | None:
    """Return "allowed" or "blocked" for the words that say so, None for any other.

    >>> action("Deny"), action("REQ_BLOCKED_SECURITY"), action("detected"), action(None)
    ('blocked', 'blocked', None, None)
    """
    if type(value) is not str:
        return None
    word = value.lower()
    found = _ACTIONS.get(word)
    if found is None and word.startswith(_BLOCKED_STARTS):
        return "blocked"
    return "allowed" if found is None and word.startswith(_ALLOWED_STARTS) else found
