"""Documents of Elastic and ECS for the tests: two to change, other spellings, and any value at any place."""

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from enrich.alert import Alert
from enrich.formats import ecs_alert, elastic
from millrace.samples import SAMPLES

MODULES: dict[str, Any] = {"elastic": elastic, "ecs": ecs_alert}
GOLDEN = [path for name in MODULES for path in sorted(SAMPLES.glob(f"{name}_*.json"))]
BASE: dict[str, Any] = {
    "@timestamp": "2024-01-14T00:00:09Z",
    "event": {"kind": "signal"},
    "kibana": {
        "alert": {
            "severity": "high",
            "original_time": "2024-01-14T00:00:01Z",
            "uuid": "u",
            "rule": {"name": "N", "rule_id": "r"},
        }
    },
}
PLAIN: dict[str, Any] = {
    "@timestamp": "2024-01-14T00:00:09Z",
    "event": {"kind": "alert", "module": "m", "id": "e"},
    "rule": {"id": "9", "name": "N"},
}


def golden(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def read(path: Path, doc: dict[str, Any]) -> Alert:
    found: Alert = MODULES[path.stem.partition("_")[0]].parse(doc, ())
    return found


def rule_alert(rule: dict[str, Any] | None = None, view: dict[str, Any] | None = None, **alert: Any) -> Alert:
    """Return the Alert of BASE with changes to the rule, the ECS event and the alert; None takes away."""
    doc = copy.deepcopy(BASE)
    doc["kibana"]["alert"].update(alert)
    doc["kibana"]["alert"]["rule"].update(rule or {})
    doc.update(view or {})
    assert elastic.recognise(doc)
    return elastic.parse(doc, ())


def plain_alert(event: dict[str, Any] | None = None, **view: Any) -> Alert:
    doc = copy.deepcopy(PLAIN)
    doc["event"].update(event or {})
    doc.update(view)
    assert ecs_alert.recognise(doc)
    return ecs_alert.parse(doc, ())


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


def dotted(doc: dict[str, Any], at: str = "") -> dict[str, Any]:
    """Return the document with one level and dotted keys, but for objects in lists."""
    flat: dict[str, Any] = {}
    for key, value in doc.items():
        name = f"{at}.{key}" if at else key
        flat |= dotted(value, name) if isinstance(value, dict) and value else {name: value}
    return flat


def listed(doc: dict[str, Any]) -> dict[str, Any]:
    """Return the document with every value as a list of one."""
    return {
        key: listed(value) if isinstance(value, dict) else value if isinstance(value, list) else [value]
        for key, value in doc.items()
    }


def but_unmapped(alert: Alert) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in Alert.__slots__ if name != "unmapped"}


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["alert", "signal", "event", "x" * 1100, "192.0.2.1", " ", "T1059", "47", "a.b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "rule", "alert", "rule.name", "a.b", "kind", "ip", "technique"]),
            inner,
        )
    ),
    max_leaves=5,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, item in inner for path in ((*at, key), *places(item, (*at, key)))]


def put(doc: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        doc = doc[key]
    doc[path[-1]] = value
