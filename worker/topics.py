"""The topics that Millrace needs, what is wrong with those that are there, and making those that are not.

``apply`` creates what is missing. Nothing here changes or deletes a topic: a retention or a number of
partitions is the operator's decision, and more partitions move every entity's history.
"""

from collections.abc import Iterable
from time import monotonic, sleep
from typing import Any, Final, Literal, NamedTuple

from kafka.admin import ConfigResource
from kafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from enrich.errors import SettingsWrong
from worker.kafka_client import message
from worker.settings import FRAMING, MEBIBYTE, Settings

# How long a topic that was created may be unknown to a broker, and how often that is looked at.
VISIBLE_S: Final = 10.0
LOOK_S: Final = 0.2
DAY_MS: Final = 86_400_000
# Largest value on the state topic: with key and framing below the 1 MiB that topics and clients accept.
CHUNK_BYTES: Final = 900_000
# The newest segment is never compacted, and a worker that takes over a partition reads all of it.
STATE_SEGMENT: Final = 16 * MEBIBYTE

Role = Literal["raw", "enriched", "escalated", "dead", "state", "feedback"]
Level = Literal["error", "warning", "note"]


class Wanted(NamedTuple):
    """A topic as we would create it. replication -1: the cluster's default. config: topic configs as text."""

    role: Role
    name: str
    partitions: int
    replication: int
    config: dict[str, str]


class Topic(NamedTuple):
    """A topic as it is. replication: of its least replicated partition. config: effective values."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]


class Finding(NamedTuple):
    """level: "error" stops a worker, "warning" risks loss, "note" is worth knowing. text: one line."""

    level: Level
    topic: str
    text: str


def wanted(settings: Settings) -> tuple[Wanted, ...]:
    """Return the six topics. Retention of data topics is left to the cluster."""
    output = {"max.message.bytes": str(settings.output_limit)}
    configs: dict[Role, dict[str, str]] = {
        # Room for records beyond the limit, so that they come to us and become dead letters with a code.
        "raw": {"max.message.bytes": str(settings.raw_limit + FRAMING)},
        "enriched": output,
        "escalated": output,
        "dead": output,
        # docs/decisions/0010-snapshots.md has the reasons.
        "state": {
            "cleanup.policy": "compact",
            "max.message.bytes": str(MEBIBYTE),
            "segment.bytes": str(STATE_SEGMENT),
            "min.cleanable.dirty.ratio": "0.1",
        },
        # Learnt from for years. Of one event each author's word counts, so it is not compacted.
        "feedback": {"retention.ms": "-1"},
    }
    return tuple(
        Wanted(role, getattr(settings, f"topic_{role}"), settings.partitions, settings.replication, config)
        for role, config in configs.items()
    )


def existing(admin: Any, names: Iterable[str]) -> dict[str, Topic]:
    """Return those of the named topics that exist. Raises SettingsWrong: not allowed to look."""
    names = list(names)
    topics: dict[str, Topic] = {}
    hidden: list[str] = []
    for found in admin.describe_topics(names):
        error = found["error_code"]
        if error == 0:
            partitions = found["partitions"]
            replication = min(len(partition["replica_nodes"]) for partition in partitions)
            topics[found["name"]] = Topic(found["name"], len(partitions), replication, {})
        elif error == _NOT_ALLOWED:
            hidden.append(
                f"topic {found['name']}: this user may not DESCRIBE it (docs/security.md has the list)"
            )
        elif error != _UNKNOWN:
            raise SettingsWrong(f"topic {found['name']}: {message(for_code(error)())}")
    if hidden:
        raise SettingsWrong("\n".join(hidden))
    if topics:
        resources = [ConfigResource("TOPIC", name) for name in topics]
        configs = admin.describe_configs(resources, config_filter="all").get("topic", {})
        for name, values in configs.items():
            effective = {key: each["value"] for key, each in values.items() if each["value"] is not None}
            topics[name] = topics[name]._replace(config=effective)
    return topics


_UNKNOWN: Final = 3  # UNKNOWN_TOPIC_OR_PARTITION
_NOT_ALLOWED: Final = 29  # TOPIC_AUTHORIZATION_FAILED


def check(
    admin: Any,
    settings: Settings,
    roles: Iterable[Role] | None = None,
    created: Iterable[str] = (),
) -> tuple[dict[str, Topic], list[Finding]]:
    """Return the topics that exist, and what is wrong or missing, worst first. roles: None is all.

    created: those that ``apply`` has just made. Brokers hear of a topic one after the other, so the one that
    is asked now may take a moment.
    """
    until_s = monotonic() + VISIBLE_S
    found = _check(admin, settings, roles)
    while set(created) - found[0].keys() and monotonic() < until_s:
        sleep(LOOK_S)
        found = _check(admin, settings, roles)
    return found


def _check(
    admin: Any, settings: Settings, roles: Iterable[Role] | None
) -> tuple[dict[str, Topic], list[Finding]]:
    asked = None if roles is None else set(roles)
    plan = [each for each in wanted(settings) if asked is None or each.role in asked]
    topics = existing(admin, (each.name for each in plan))
    findings = [finding for each in plan for finding in of_topic(each, topics.get(each.name), settings)]
    findings += _of_cluster(admin)
    order = {"error": 0, "warning": 1, "note": 2}
    return topics, sorted(findings, key=lambda finding: order[finding.level])


def of_topic(plan: Wanted, topic: Topic | None, settings: Settings) -> list[Finding]:
    """Return what is wrong with one topic. topic None: it does not exist."""
    if topic is None:
        # The worker does not need the last one: it is for verdicts.
        level: Level = "warning" if plan.role == "feedback" else "error"
        return [Finding(level, plan.name, "does not exist: `millrace topics --apply` creates it")]
    found: list[Finding] = []

    def say(level: Level, text: str) -> None:
        found.append(Finding(level, plan.name, text))

    config = topic.config
    if not config:
        say("warning", "its settings cannot be seen (no DESCRIBE_CONFIGS): its limits are not checked")
        return found
    limit, needed = int(config.get("max.message.bytes", "0")), settings.output_limit
    if plan.role in ("enriched", "escalated", "dead") and 0 < limit < needed:
        say("error", f"max.message.bytes is {limit}, it must be at least {needed} (2 x raw_limit + 64 KiB)")
    if plan.role == "raw" and limit > needed - FRAMING:
        say("warning", f"max.message.bytes is {limit}: records that large cannot become dead letters")
    if topic.replication == 1:
        say("warning", "replication factor 1: one lost disk is lost alerts")
    elif config.get("min.insync.replicas") == "1":
        say("warning", "min.insync.replicas is 1: an acknowledged record may exist once; 2 is safe")
    if config.get("unclean.leader.election.enable") == "true":
        say("warning", "unclean.leader.election.enable is true: acknowledged records may be lost")
    if plan.role == "state":
        found += [Finding(level, plan.name, text) for level, text in _of_state(config)]
    elif "compact" in config.get("cleanup.policy", ""):
        # A compacted topic refuses records without a key, and dead letters may have none.
        level = "error" if plan.role == "dead" else "warning"
        say(level, "cleanup.policy is compact: of each key only the last record is kept")
    retention = int(config.get("retention.ms", "-1"))
    if plan.role not in ("state", "feedback") and 0 <= retention < DAY_MS:
        say("warning", f"retention.ms is {retention}: less than a day to catch up after an outage")
    if config.get("message.timestamp.type") == "LogAppendTime" and plan.role == "raw":
        say(
            "note",
            "message.timestamp.type is LogAppendTime: record times are the broker's, not the producer's",
        )
    return found


def _of_state(config: dict[str, str]) -> list[tuple[Level, str]]:
    found: list[tuple[Level, str]] = []
    policy = config.get("cleanup.policy", "")
    if "compact" not in policy:
        found.append(("error", "cleanup.policy must be compact"))
    elif "delete" in policy:
        found.append(
            ("warning", f"cleanup.policy is {policy}: with its records a worker's memory is deleted")
        )
    limit, needed = int(config.get("max.message.bytes", "0")), CHUNK_BYTES + FRAMING
    if 0 < limit < needed:
        found.append(("error", f"max.message.bytes is {limit}, it must be at least {needed}"))
    segment = int(config.get("segment.bytes", "0"))
    if segment > 8 * STATE_SEGMENT:
        found.append(
            (
                "warning",
                f"segment.bytes is {segment}: so much may be read at each restart; {STATE_SEGMENT} is enough",
            )
        )
    ratio = float(config.get("min.cleanable.dirty.ratio", "0"))
    if ratio > 0.5:
        found.append(
            ("warning", f"min.cleanable.dirty.ratio is {ratio:g}: what is outdated stays; 0.1 is better")
        )
    return found


def _of_cluster(admin: Any) -> list[Finding]:
    # A mistyped topic name must be an error, not a new topic. Not every user may read broker configs.
    name = "auto.create.topics.enable"
    try:
        node = str(admin.describe_cluster()["brokers"][0]["broker_id"])
        configs = admin.describe_configs([ConfigResource("BROKER", node)], config_filter="all")
        value = configs["broker"][node][name]["value"]
    except (KafkaError, KeyError, IndexError):
        return []
    text = f"{name} is true: a mistyped topic name becomes a new topic with the cluster's defaults"
    return [Finding("note", "(cluster)", text)] if value == "true" else []


def by_text(findings: Iterable[Finding]) -> dict[str, list[str]]:
    """Return the topics that each text is said of: most are said of all of them."""
    topics: dict[str, list[str]] = {}
    for finding in findings:
        topics.setdefault(finding.text, []).append(finding.topic)
    return topics


def apply(admin: Any, settings: Settings) -> list[str]:
    """Create what is missing and return the names. Raises SettingsWrong with the broker's reason."""
    plan = wanted(settings)
    there = existing(admin, (each.name for each in plan))
    missing = [each for each in plan if each.name not in there]
    if not missing:
        return []
    new = {
        each.name: {
            "num_partitions": each.partitions,
            "replication_factor": each.replication,
            "configs": each.config,
        }
        for each in missing
    }
    made = admin.create_topics(new, raise_errors=False)
    refused = []
    for topic in made["topics"]:
        error = for_code(topic["error_code"])
        if topic["error_code"] and error is not TopicAlreadyExistsError:
            refused.append(f"topic {topic['name']}: {topic.get('error_message') or error.__name__}")
    if refused:
        raise SettingsWrong("\n".join(refused))
    admin.wait_for_topics(list(new))
    return list(new)
