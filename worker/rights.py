"""What this installation's user must be allowed on the brokers, and what of it is missing.

The brokers say of each topic and group what the asking user may do there (KIP-430), so that a right that is
missing is a line at start, and not a worker that ends at its first record. docs/security.md has the table.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from kafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from worker.settings import Settings

# Reading and writing each include DESCRIBE.
WORKER: Final[Mapping[str, tuple[str, ...]]] = {
    "raw": ("READ",),
    "enriched": ("WRITE",),
    "escalated": ("WRITE",),
    "dead": ("WRITE",),
    "state": ("READ", "WRITE"),
}
SENDER: Final[Mapping[str, tuple[str, ...]]] = {"raw": ("WRITE",)}
GROUP: Final = ("READ",)  # of a worker
TOLD: Final = "docs/security.md has the list"


def missing(admin: Any, settings: Settings, needs: Mapping[str, tuple[str, ...]] = WORKER) -> list[str]:
    """Return a line for each topic, and for a worker's group, on which a right is missing.

    needs: rights by the topic's role. A topic may be missing itself. Raises KafkaError.
    """
    names = {str(getattr(settings, f"topic_{role}")): needed for role, needed in needs.items()}
    found = []
    for topic in admin.describe_topics(list(names)):
        name = str(topic["name"])
        if topic["error_code"] == TopicAuthorizationFailedError.errno:
            found.append(_line("topic", name, names[name]))
        elif topic["error_code"] == 0:
            found += _lacking("topic", name, names[name], topic.get("authorized_operations"))
    return sorted(found) + (_of_group(admin, settings.group) if needs is WORKER else [])


def _of_group(admin: Any, group: str) -> list[str]:
    try:
        told = admin.describe_groups([group])[group]
    except GroupAuthorizationFailedError:
        return [_line("group", group, GROUP)]
    except KafkaError:
        return []  # a coordinator that has just begun: if the right is missing, the watchdog tells
    if "GroupAuthorizationFailed" in str(told.get("error")):
        return [_line("group", group, GROUP)]
    return _lacking("group", group, GROUP, told.get("authorized_operations"))


def _lacking(kind: str, name: str, needed: Iterable[str], allowed: Iterable[str] | None) -> list[str]:
    # None: a broker that does not tell; it refuses later, and that is told then.
    lacking = [] if allowed is None else [right for right in needed if right not in allowed]
    return [_line(kind, name, lacking)] if lacking else []


def _line(kind: str, name: str, rights: Iterable[str]) -> str:
    return f"{kind} {name}: this user may not {' and '.join(rights)} it ({TOLD})"
