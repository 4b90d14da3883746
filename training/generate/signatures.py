"""Texts and concepts made into signatures: a stable id, a title, and the severity that its author stated."""

from typing import Final, NamedTuple
from zlib import crc32

from training.generate.concepts import CONCEPTS
from training.generate.texts_mapped import MAPPED
from training.generate.texts_suricata import SURICATA, Text
from training.generate.texts_wazuh import WAZUH

FORMATS: Final = ("suricata", "wazuh", "mapped")


class Signature(NamedTuple):
    """One rule of one detector.

    uid: the rule's number; in the range that the format leaves to local rules.
    stated: in the format's own scale (Suricata 1-3, 1 the gravest; Wazuh level 0-15; mapped: 0, states none).
    states_techniques: the author wrote ATT&CK ids into the rule.
    service: key of ``concepts.SERVICES``: the concept's, unless the title names another.
    """

    uid: int
    concept: str
    title: str
    category: str
    stated: int
    states_techniques: bool
    service: str


# Word of a title → the service that such a rule watches.
_SPOKEN: Final = {
    "ssh": "ssh",
    "sshd:": "ssh",
    "RDP": "rdp",
    "SIP": "sip",
    "SNMP": "snmp",
    "VNC": "vnc",
    "telnet": "telnet",
    "445": "smb",
    "SMB": "smb",
    "SMTP": "smtp",
    "FTP": "ftp",
    "vsftpd:": "ftp",
    "database": "sql",
    "WordPress": "http",
    "LDAP": "ldap",
}


def _stated(format_name: str, concept: str, title: str) -> int:
    """Return what an author, who knows nothing of the company, writes into the rule. Coarse and quirky.

    Policy rules state the gravest class, as the real ones do ("Potential Corporate Privacy Violation" is
    1 in the public classification file); some rules are one step off; Wazuh's levels gather at 3, 5, 7, 10.
    """
    gravity, dice = CONCEPTS[concept].gravity, crc32(title.encode()) % 12
    if format_name == "suricata":
        if concept.startswith("policy."):
            return 1
        stated = 3 if gravity < 2.0 else 2 if gravity < 5.0 else 1
        return min(3, max(1, stated + (dice == 0) - (dice == 1)))
    if format_name == "wazuh":
        ladder = (3, 3, 5, 7, 10, 12, 14)
        step = min(5, int(gravity / 1.7)) + (dice in (0, 2)) - (dice in (1, 3))
        return ladder[max(0, step)]
    return 0


def _signatures(format_name: str, texts: dict[str, Text], first_uid: int) -> dict[str, tuple[Signature, ...]]:
    table: dict[str, tuple[Signature, ...]] = {}
    uid = first_uid
    for concept, text in texts.items():
        rows = []
        for pattern, fillings in text.templates:
            for filling in fillings:
                title = pattern.format(filling)
                states = crc32(title.encode()) % 3 > 0 and bool(CONCEPTS[concept].techniques)
                stated = _stated(format_name, concept, title)
                spoken = [_SPOKEN[word] for word in title.split() if word in _SPOKEN]
                service = spoken[0] if spoken else CONCEPTS[concept].service
                rows.append(Signature(uid, concept, title, text.category, stated, states, service))
                uid += 1
        table[concept] = tuple(rows)
    return table


# format → concept → its signatures.
SIGNATURES: Final[dict[str, dict[str, tuple[Signature, ...]]]] = {
    "suricata": _signatures("suricata", SURICATA, 1_000_001),
    "wazuh": _signatures("wazuh", WAZUH, 100_001),
    "mapped": _signatures("mapped", MAPPED, 1),
}
