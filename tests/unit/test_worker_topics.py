"""What `topics` says of topics: each risk is told, and a sound topic gets no word."""

import pytest

from worker import topics
from worker.settings import Settings
from worker.topics import Topic, Wanted, of_topic, wanted

SETTINGS = Settings(bootstrap=("k:9092",))
PLAN = {each.role: each for each in wanted(SETTINGS)}
SOUND = {
    "max.message.bytes": str(SETTINGS.output_limit),
    "min.insync.replicas": "2",
    "unclean.leader.election.enable": "false",
    "cleanup.policy": "delete",
    "retention.ms": "604800000",
    "message.timestamp.type": "CreateTime",
}


def said(plan: Wanted, replication: int = 3, **config: str) -> list[tuple[str, str]]:
    config = {**SOUND, **{name.replace("_", "."): value for name, value in config.items()}}
    topic = Topic(plan.name, 6, replication, config)
    return [(finding.level, finding.text) for finding in of_topic(plan, topic, SETTINGS)]


@pytest.mark.parametrize("role", ["enriched", "escalated", "dead", "feedback"])
def test_a_sound_topic_gets_no_word(role: str) -> None:
    assert said(PLAN[role]) == []  # type: ignore[index]


def test_a_sound_state_topic_is_compacted() -> None:
    assert said(PLAN["state"], cleanup_policy="compact") == []


def test_the_state_topic_as_we_make_it_gets_no_word() -> None:
    config = {name.replace(".", "_"): value for name, value in PLAN["state"].config.items()}
    assert said(PLAN["state"], **config) == []


def test_the_state_topic_of_another_maker_takes_our_chunks_at_kafkas_own_limit() -> None:
    assert said(PLAN["state"], cleanup_policy="compact", max_message_bytes="1048588") == []


def test_output_topics_take_twice_the_raw_limit_and_64_kib() -> None:
    assert PLAN["dead"].config == {"max.message.bytes": str(2 * 1_048_576 + 65_536)}


@pytest.mark.parametrize(
    ("role", "replication", "config", "level", "words"),
    [
        ("enriched", 3, {"max_message_bytes": "1048588"}, "error", "max.message.bytes is 1048588"),
        ("dead", 3, {"max_message_bytes": "1048588"}, "error", "at least 2162688"),
        ("raw", 3, {"max_message_bytes": "9000000"}, "warning", "cannot become dead letters"),
        ("raw", 1, {"max_message_bytes": "1048588"}, "warning", "replication factor 1"),
        ("dead", 3, {"min_insync_replicas": "1"}, "warning", "min.insync.replicas is 1"),
        ("dead", 3, {"unclean_leader_election_enable": "true"}, "warning", "unclean.leader.election.enable"),
        ("enriched", 3, {"cleanup_policy": "compact,delete"}, "warning", "cleanup.policy is compact"),
        ("state", 3, {"cleanup_policy": "delete"}, "error", "cleanup.policy must be compact"),
        (
            "state",
            3,
            {"cleanup_policy": "compact", "max_message_bytes": "500000"},
            "error",
            "max.message.bytes is 500000, it must be at least 965536",
        ),
        ("state", 3, {"cleanup_policy": "compact,delete"}, "warning", "memory is deleted"),
        (
            "state",
            3,
            {"cleanup_policy": "compact", "segment_bytes": "1073741824"},
            "warning",
            "segment.bytes is 1073741824",
        ),
        (
            "state",
            3,
            {"cleanup_policy": "compact", "min_cleanable_dirty_ratio": "0.9"},
            "warning",
            "min.cleanable.dirty.ratio is 0.9",
        ),
        ("escalated", 3, {"retention_ms": "3600000"}, "warning", "less than a day"),
        (
            "raw",
            3,
            {"message_timestamp_type": "LogAppendTime", "max_message_bytes": "1048588"},
            "note",
            "record times are the broker's",
        ),
    ],
)
def test_a_risk_is_told(role: str, replication: int, config: dict[str, str], level: str, words: str) -> None:
    findings = said(PLAN[role], replication, **config)  # type: ignore[index]
    assert [found for found, _ in findings] == [level]
    assert words in findings[0][1]


def test_unlimited_retention_is_no_risk() -> None:
    assert said(PLAN["enriched"], retention_ms="-1") == []


@pytest.mark.parametrize(("role", "level"), [("raw", "error"), ("state", "error"), ("feedback", "warning")])
def test_a_missing_topic_stops_a_worker_only_where_it_needs_it(role: str, level: str) -> None:
    assert [finding.level for finding in of_topic(PLAN[role], None, SETTINGS)] == [level]  # type: ignore[index]


def test_a_topic_just_made_may_take_a_moment_to_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings()
    names = {each.name for each in wanted(settings)}
    answers = iter([{}, {}, {name: Topic(name, 6, 3, {}) for name in names}])
    monkeypatch.setattr(topics, "existing", lambda admin, of: next(answers))
    monkeypatch.setattr(topics, "_of_cluster", lambda admin: [])
    monkeypatch.setattr(topics, "LOOK_S", 0.0)
    there, _ = topics.check(None, settings, created=[settings.topic_raw])
    assert there.keys() == names
