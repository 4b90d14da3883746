"""What AWS puts around findings: EventBridge events and API answers; and its other spelling of keys.
https://docs.aws.amazon.com/eventbridge/latest/userguide/aws-events.html
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.errors import DeadCode, Rejected

_ENVELOPE: Final = frozenset(("detail-type", "source", "detail"))
_LISTS: Final = ("Findings", "findings")


class Wrapped(NamedTuple):
    """The finding, and the event around it; None: it came alone or in a list."""

    finding: Mapping[str, Any]
    event: Mapping[str, Any] | None = None

    def unmapped(self, left: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return what is left of the whole record, where ``left`` is left of the finding."""
        if self.event is None:
            return left
        around = {key: value for key, value in self.event.items() if key not in _ENVELOPE}
        if left is not None:
            around["detail"] = left
        return around or None


def candidate(doc: Mapping[str, Any]) -> object:
    """Return what may be the finding: of an EventBridge event, the first of a list, or the document."""
    inner = doc
    if "detail-type" in doc:
        detail = doc.get("detail")
        if type(detail) is not dict:
            return None
        inner = detail
    for key in _LISTS:
        listed = inner.get(key)
        if type(listed) is list:
            return listed[0] if listed else None
    return inner


def unwrapped(doc: Mapping[str, Any], *types: str) -> Wrapped:
    """Return the finding of a document whose ``candidate`` is one.

    types: the event types (``detail-type``) that report findings. Raises Rejected (``not_an_alert``) for
    events of other types, and where there are several findings: the first would hide the others.
    """
    event = None
    inner = doc
    if "detail-type" in doc:
        if doc["detail-type"] not in types:
            raise Rejected(DeadCode.NOT_AN_ALERT, f"an EventBridge event that is none of: {', '.join(types)}")
        event, inner = doc, doc["detail"]
    for key in _LISTS:
        listed = inner.get(key)
        if type(listed) is list:
            if len(listed) != 1:
                raise Rejected(
                    DeadCode.NOT_AN_ALERT,
                    f"a list of {len(listed)} findings; send one finding per record",
                )
            inner = listed[0]
            break
    return Wrapped(inner, event)


def camel(value: Any) -> Any:
    """Return the value with keys that begin in lower case: the command line's PascalCase → the API's JSON.

    >>> camel({"Service": {"Action": [{"Port": 22}]}})
    {'service': {'action': [{'port': 22}]}}
    """
    if type(value) is dict:
        return {key[:1].lower() + key[1:]: camel(item) for key, item in value.items()}
    if type(value) is list:
        return [camel(item) for item in value]
    return value
