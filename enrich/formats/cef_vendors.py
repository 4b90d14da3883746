"""What vendors put elsewhere than the standard says: the extension in the standard's keys, and the rule.

Imperva SecureSphere and Incapsula, CrowdStrike's SIEM connector, Palo Alto Networks, Fortinet.
https://docs.imperva.com/bundle/cloud-application-security/page/more/log-file-structure.htm
https://falcon.crowdstrike.com/documentation/14/siem-connector (CEF configuration)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT
from enrich.errors import Quality
from enrich.formats import fields

FORTINET: Final = "Fortinet"
PALO_ALTO: Final = "Palo Alto Networks"
IMPERVA: Final = "Imperva Inc."
INCAPSULA: Final = "Incapsula"
CROWDSTRIKE: Final = "CrowdStrike"
# Incapsula stands between: ``src`` and ``cpt`` are the client, ``sip`` and ``spt`` the site's server. Its
# "device external id" is the request's.
_INCAPSULA: Final = {
    "cpt": "spt",
    "sip": "dst",
    "spt": "dpt",
    "sourceServiceName": "dhost",
    "deviceExternalId": "externalId",
    "suid": "",
    "dproc": "",
    "end": "",
}
# Of a Falcon event the external id is the sensor's, and the host, whichever side is named, has the sensor.
_CROWDSTRIKE: Final = {
    "externalId": "deviceExternalId",
    "externalID": "deviceExternalId",
    "cn2": "spid",
    "shost": "dvchost",
    "dhost": "dvchost",
    "fname": "",
    "filePath": "",
}
_DETECTION: Final = re.compile(r"/detail/([0-9a-f]{32})/([0-9]{1,40})(?![0-9])")


def standard(vendor: str, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the extension with a vendor's own meanings under the standard's keys."""
    if vendor == INCAPSULA:
        return _renamed(said, _INCAPSULA)
    if vendor == CROWDSTRIKE:
        found = _renamed(said, _CROWDSTRIKE)
        link = _DETECTION.search(str(said.get("cs6", ""))[:FIELD_LIMIT])
        if link is not None:
            found["externalId"] = f"{link[1]}/{link[2]}"
        path, name = said.get("filePath"), said.get("fname")
        if type(name) is str:
            whole = f"{path.rstrip(chr(92))}\\{name}" if type(path) is str and "\\" in path else name
            found.setdefault("sproc", path if type(path) is str and path.endswith(name) else whole)
        return found
    if vendor == IMPERVA:
        # "${Alert.username}" is what its template leaves where there is none.
        found = {key: value for key, value in said.items() if str(value)[:2] != "${"}
        if found.get("cs5Label") == "Description" and "cs5" in found:
            found.setdefault("msg", found["cs5"])
        return found
    return said


def _renamed(said: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the pairs under other keys; a key that becomes "" is left out, and the first of two counts."""
    found: dict[str, Any] = {}
    for key, value in said.items():
        key = names.get(key, key)
        if key:
            found.setdefault(key, value)
    return found


def named(
    vendor: str,
    said: Mapping[str, Any],
    signature: str | None,
    name: str | None,
    category: str | None,
    quality: list[Quality],
) -> tuple[str | None, str | None, str | None]:
    """Return rule, title and class where a vendor puts the kind of log into the header instead.

    PAN-OS: ``cat`` is "Apache HTTP Server Path Traversal Vulnerability(91752)". FortiGate: its own keys.
    Imperva: the class or a constant, then the name of the alert. Falcon: ``cat`` names the detection.
    """
    if vendor == PALO_ALTO and category is not None and category.endswith(")"):
        threat, _, number = category[:-1].rpartition("(")
        if threat.strip() and number.isdecimal():
            return number[:FIELD_LIMIT], threat.strip(), signature
    if vendor == FORTINET:
        attack_name = fields.word(said.get("FTNTFGTattack"), "extension.FTNTFGTattack", quality)
        attack_id = fields.word(said.get("FTNTFGTattackid"), "extension.FTNTFGTattackid", quality)
        if attack_name is not None or attack_id is not None:
            return attack_id or signature, attack_name or name, category or name
    if vendor in (IMPERVA, INCAPSULA) and name is not None:
        return name, name, signature
    detection = vendor == CROWDSTRIKE and (signature or "").endswith("DetectionSummaryEvent")
    if detection and category is not None and category != signature and not category.isspace():
        return category, category, signature
    return signature, name, category
