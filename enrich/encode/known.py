"""What the tables say, in the event: in OCSF's places, and in ours with source and age of each value."""

from functools import lru_cache
from typing import Any, Final

from enrich.redact import Redaction
from enrich.tables.values import Asset, Found, Identity, Indicator, Place, System

Doc = dict[str, Any]

DAY_MS: Final = 86_400_000
CRITICALITY: Final = {1: "Low", 2: "Medium", 3: "High", 4: "Critical"}
SIDES: Final = {"src": "src_endpoint", "dst": "dst_endpoint"}


def shown(found: tuple[Found, ...], redaction: Redaction, user: str | None) -> tuple[Found, ...]:
    """Return what was found as it goes out: where users get pseudonyms, so do identities and owners.

    user: of the alert, whose identity has the same pseudonym however the table spells it.
    """
    if redaction.key is None:
        return found
    return tuple(_shown(each, redaction, user) for each in found)


def _shown(each: Found, redaction: Redaction, user: str | None) -> Found:
    value = each.value
    if isinstance(value, Identity):
        return each._replace(value=value._replace(user=redaction.pseudonym(user or value.user), name=None))
    if isinstance(value, Asset):
        owner = None if value.owner is None else redaction.pseudonym(value.owner)
        return each._replace(value=value._replace(owner=owner, name=redaction.text(value.name, user)))
    return each


def put(evidence: Doc, found: tuple[Found, ...]) -> None:
    """Put places, networks and identities where the evidence has ends and a user."""
    for each in found:
        value = each.value
        if isinstance(value, Place):
            location = _location(value, each.source)
            if location:
                evidence[SIDES[each.of]]["location"] = location
        elif isinstance(value, System):
            evidence[SIDES[each.of]]["autonomous_system"] = _system(value)
        elif isinstance(value, Identity):
            _put_user(evidence["user"], value)


@lru_cache(4096)
def _location(place: Place, source: str) -> Doc:
    """Shared between events: not to be changed. {}: OCSF asks for a country, a region or a city."""
    if place.country is None and place.region is None and place.city is None:
        return {}
    doc = {name: value for name, value in place._asdict().items() if value is not None}
    doc["provider"] = source
    return doc


@lru_cache(4096)
def _system(system: System) -> Doc:
    """Shared between events: not to be changed."""
    return {"number": system.number} | ({} if system.name is None else {"name": system.name})


def _put_user(user: Doc, identity: Identity) -> None:
    if identity.privileged is not None:
        user["type_id"], user["type"] = (2, "Admin") if identity.privileged else (1, "User")
    if identity.name is not None:
        user["full_name"] = identity.name
    if identity.department is not None:
        user["ldap_person"] = {"department": identity.department}


def osint(found: tuple[Found, ...]) -> list[Doc]:
    """Return the block list entries, OCSF's ``osint`` of the profile with that name."""
    return [
        _indicator(each.value, SIDES[each.of], each.source, each.as_of_ms)
        for each in found
        if isinstance(each.value, Indicator)
    ]


def _indicator(indicator: Indicator, side: str, source: str, as_of_ms: int) -> Doc:
    doc: Doc = {
        "type_id": 1,
        "type": "IP Address",
        "value": indicator.ip,
        "name": f"evidences.{side}.ip",
        "vendor_name": source,
        "modified_time": as_of_ms,
    }
    if "/" in indicator.match:
        doc["subnet"] = indicator.match
    return doc


def resources(found: tuple[Found, ...]) -> list[Doc]:
    """Return the operator's assets that the alert is about, each once."""
    docs: list[Doc] = []
    for each in found:
        if isinstance(each.value, Asset):
            doc = _resource(each.value)
            if doc not in docs:
                docs.append(doc)
    return docs


@lru_cache(4096)
def _resource(asset: Asset) -> Doc:
    """Shared between events: not to be changed."""
    doc: Doc = {"name": asset.name}
    if asset.criticality is not None:
        doc["criticality"] = CRITICALITY[asset.criticality]
    if asset.owner is not None:
        doc["owner"] = {"name": asset.owner}
    if asset.tags:
        doc["labels"] = list(asset.tags)
    return doc


def told(found: tuple[Found, ...], record_time_ms: int) -> list[Doc]:
    """Return each value with where it is from and how many days old it was when the record was written."""
    return [{**_told(each), "age_days": max(record_time_ms - each.as_of_ms, 0) // DAY_MS} for each in found]


@lru_cache(16_384)
def _told(found: Found) -> Doc:
    of, table, source, as_of_ms, value = found
    return {"of": of, "table": table, "source": source, "value": value._asdict(), "as_of_ms": as_of_ms}
