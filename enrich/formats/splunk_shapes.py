"""In what a Splunk alert comes: the webhook's payload, a row of search results, HEC's envelope, or nothing.

Webhook: https://help.splunk.com/splunk-enterprise/alert-and-respond/alerting-manual/10.0/configure-alert-actions/use-a-webhook-alert-action
Export: a line of ``search/v2/jobs/export?output_mode=json``, ``{"preview": false, "result": {…}}``
HEC: https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.lines.stash import names_search, stash

# Characters of a notable as the index has it that are read as pairs. Those seen have up to 20,000.
RAW_LIMIT: Final = 65_536
_SOURCETYPE: Final = "stash"


class Opened(NamedTuple):
    """event: fields of the notable, or of the search's first result. place: the key they stand under, or "".

    notable: whether they are a notable's or a risk event's, which name their search.
    """

    event: Mapping[str, Any]
    place: str
    notable: bool


def is_webhook(doc: Mapping[str, Any]) -> bool:
    """Return whether this is the payload of the webhook, or of another alert action."""
    return type(doc.get("sid")) is str and "results_link" in doc and ("result" in doc or "search_name" in doc)


def is_notable(event: Mapping[str, Any]) -> bool:
    """Return whether these are the fields of a notable or risk event, as JSON or as the pairs of ``_raw``."""
    if names_search(event):
        return True
    if type(event.get("rule_title")) is str and type(event.get("security_domain")) is str:
        return True
    return event.get("sourcetype") == _SOURCETYPE and _pairs(event.get("_raw")) is not None


def in_export(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a row of an export of search results, and a notable."""
    row = doc.get("result")
    return "preview" in doc and type(row) is dict and is_notable(row)


def in_envelope(doc: Mapping[str, Any]) -> bool:
    """Return whether what stands under ``event`` is a notable, as JSON or as pairs: HEC's envelope."""
    event = doc["event"]
    return is_notable(event) if type(event) is dict else _pairs(event) is not None


def opened(doc: Mapping[str, Any], quality: list[Quality]) -> Opened:
    """Return the fields that say what happened, of a document that one of the above knows."""
    if is_webhook(doc):
        row: Mapping[str, Any] = fields.first_part(doc.get("result"), "result", quality)
        return Opened(_whole(row), "result", is_notable(row))
    if is_notable(doc):
        return Opened(_whole(doc), "", True)
    if in_export(doc):
        return Opened(_whole(doc["result"]), "result", True)
    within = doc.get("event")
    return Opened(_whole(within) if type(within) is dict else _pairs(within) or {}, "event", True)


def _whole(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields; where a search has not extracted them from ``_raw``, with those of its pairs."""
    if names_search(event) or event.get("sourcetype") != _SOURCETYPE:
        return event
    read = _pairs(event.get("_raw"))
    return event if read is None else {**read, **event}


def _pairs(value: object) -> dict[str, Any] | None:
    found = stash(value[:RAW_LIMIT]) if type(value) is str else None
    return None if found is None else found[0]
