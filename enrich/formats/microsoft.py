"""What Microsoft's alerts have in common: severity words, categories that are tactics, sample alerts."""

from typing import Any, Final

from enrich.alert import Alert, Endpoint, Process
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.host_facts import account, is_tactic
from enrich.formats.severities import by_word
from enrich.swift import maker

SCALE: Final = "defender:informational-high"
# There is no class above high.
# https://learn.microsoft.com/en-us/graph/api/resources/security-alert#alertseverity-values
# https://learn.microsoft.com/en-us/defender-endpoint/api/alerts (UnSpecified)
SEVERITIES: Final[dict[str, int | None]] = {
    "informational": 1,
    "low": 2,
    "medium": 3,
    "high": 4,
    "unknown": None,
    "unspecified": None,
    "unknownfuturevalue": None,
}
# Microsoft's own marks of alerts made for trying things out.
# https://learn.microsoft.com/en-us/azure/defender-for-cloud/alert-validation
# "'EICAR_Test_File' malware was prevented": the name that Defender gives the threat.
_EICAR: Final = "'eicar_test_file'"
_SAMPLE_PREFIXES: Final = ("[sample alert]", "[test alert]", "[testalert]")


def severity(value: object, path: str, quality: list[Quality]) -> tuple[int | None, str | None, str | None]:
    """Return class, text and scale."""
    severity_id, text = by_word(value, SEVERITIES, path, quality)
    return severity_id, text, None if text is None else SCALE


def tactics(category: str | None) -> tuple[str, ...]:
    """Return the category where it is a tactic of ATT&CK; "Malware" and "SuspiciousActivity" are none."""
    return (category,) if category is not None and is_tactic(category) else ()


def is_sample(title: str | None, own_title: bool) -> bool:
    """Return whether the title begins as those of Microsoft's sample alerts do, or names the EICAR test file.

    own_title: whether Microsoft wrote the title. That of a customer's rule may hold a name out of an event,
    and whoever chose that name would choose that the alert never escalates.
    """
    if not own_title or title is None:
        return False
    lower = title.lower()
    return lower.startswith(_SAMPLE_PREFIXES) or _EICAR in lower


def user_of(who: dict[str, Any], path: str, quality: list[Quality]) -> str | None:
    r"""Return the account of a ``userAccount``: ``DOMAIN\name``, else the principal's name."""
    name = fields.word(who.get("accountName"), path + ".accountName", quality)
    domain = fields.word(who.get("domainName"), path + ".domainName", quality)
    upn = fields.word(who.get("userPrincipalName"), path + ".userPrincipalName", quality)
    if name is not None and (domain is not None or upn is None):
        return account(name, domain)
    return upn or fields.word(who.get("displayName"), path + ".displayName", quality)


class Saw:
    """What the evidences of one alert say: fields of Alert, each filled by the first evidence that has it."""

    __slots__ = (
        *("device", "device_id", "dns_query", "dst", "file_path", "hashes", "image_hashes"),
        *("process", "proto", "src", "url", "user"),
    )

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.device: Endpoint = fields.NOWHERE
        self.device_id: str | None = None
        self.user: str | None = None
        self.process: Process | None = None
        self.file_path: str | None = None
        self.hashes: tuple[tuple[str, str], ...] = ()
        self.image_hashes: tuple[tuple[str, str], ...] = ()
        self.src: Endpoint = fields.NOWHERE
        self.dst: Endpoint = fields.NOWHERE
        self.proto: str | None = None
        self.url: str | None = None
        self.dns_query: str | None = None

    def values(self) -> tuple[object, ...]:
        """Return the values of SAW, in its order."""
        return (
            self.device,
            self.device_id,
            self.user,
            self.process,
            self.file_path,
            self.hashes or self.image_hashes,
            self.src,
            self.dst,
            self.proto,
            self.url,
            self.dns_query,
        )


SAW: Final = (
    *(
        "device",
        "device_id",
        "user",
        "process",
        "file_path",
        "hashes",
        "src",
        "dst",
        "proto",
        "url",
        "dns_query",
    ),
)
new_alert: Final = maker(
    Alert,
    *("vendor", "product", "detector", "time_ms", "time_text", "source_uid", "rule_id", "title", "category"),
    *("message", "severity_id", "severity_text", "severity_scale", "techniques", "tactics", "is_sample"),
    *("unmapped", "quality"),
    *SAW,
    format="defender",
)
