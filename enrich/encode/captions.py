"""Ids of OCSF 1.8.0 with their captions, as far as the encoder writes them."""

from typing import Final

SEVERITY: Final = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
CONFIDENCE: Final = {0: "Unknown", 1: "Low", 2: "Medium", 3: "High"}
RISK_LEVEL: Final = {0: "Info", 1: "Low", 2: "Medium", 3: "High", 4: "Critical"}
PRIORITY: Final = {1: "Low", 2: "Medium", 3: "High", 4: "Critical"}
STATUS: Final = {1: "New", 3: "Suppressed"}

# Our word of an action → action_id, its caption, disposition_id, its caption.
ACTION: Final = {
    "allowed": (1, "Allowed", 1, "Allowed"),
    "blocked": (2, "Denied", 2, "Blocked"),
}
# Our word of a direction → direction_id and its text; with 99, Other, our own word stands there.
DIRECTION: Final = {
    "unknown": (0, "Unknown"),
    "inbound": (1, "Inbound"),
    "outbound": (2, "Outbound"),
    "internal": (3, "Lateral"),
    "external": (99, "external"),
}
NETWORK_SCOPE: Final = {True: (1, "Internal"), False: (2, "External")}
HASH: Final = {"md5": (1, "MD5"), "sha1": (2, "SHA-1"), "sha256": (3, "SHA-256")}
HTTP_METHODS: Final = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
)
# type_id of an observable → its caption.
OBSERVABLE: Final = {
    1: "Hostname",
    2: "IP Address",
    4: "User Name",
    6: "URL String",
    7: "File Name",
    8: "Hash",
    9: "Process Name",
    16: "HTTP User-Agent",
    45: "File Path",
}
# IANA protocol numbers of the names that detectors write.
PROTOCOL: Final = {
    "icmp": 1,
    "igmp": 2,
    "tcp": 6,
    "udp": 17,
    "dccp": 33,
    "ipv6": 41,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "ipv6-icmp": 58,
    "ospfigp": 89,
    "pim": 103,
    "vrrp": 112,
    "sctp": 132,
    "udplite": 136,
}


def confidence_id(percent: int | None) -> int:
    """Return OCSF's class of a confidence in percent; None is not measured.

    >>> [confidence_id(percent) for percent in (None, 49, 50, 79, 80)]
    [0, 1, 2, 2, 3]
    """
    if percent is None:
        return 0
    return 1 if percent < 50 else 2 if percent < 80 else 3


def risk_level_id(priority: int) -> int:
    """Return OCSF's class of a priority 0-100, in steps of 20.

    >>> [risk_level_id(points) for points in (0, 19, 20, 40, 60, 79, 80, 100)]
    [0, 0, 1, 2, 3, 3, 4, 4]
    """
    return min(priority // 20, 4)
