"""Which dead letters would go back to the raw topic, and why the others would not."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from enrich.errors import DeadCode, SettingsWrong
from worker import topics
from worker.dead import ATTEMPTS_MAX, Letter
from worker.dead_reading import Choice, Found
from worker.feed import OVERHEAD
from worker.kafka_client import admin
from worker.settings import MEBIBYTE, Settings

# Why a letter is not sent back, and what to do about it.
REFUSALS: Final[Mapping[str, str]] = {
    "headers": "headers missing, doubled or unreadable: not written by a worker",
    "other_topic": "from another topic than {topic}",
    "no_bytes": "the original bytes are not in the letter",
    "too_large": "over the limit of {size:,} bytes: raise raw_limit here and for the workers",
    "attempts": "at the limit of {attempts} attempts: --limit-attempts raises it",
    "poison": "poison, each costs restarts of workers: name it by --code poison or by its place",
    "redriven": "sent back already: --again sends them once more",
    "newer": "a newer letter of the same record is there: --again sends them all the same",
}


class Terms(NamedTuple):
    """On which a letter is sent back. attempts: most in all. size: bytes that the raw topic takes.

    again: also what went back already. poison: whether poisonous ones were asked for by name.
    """

    topic: str
    partitions: range
    size: int
    attempts: int
    again: bool = False
    poison: bool = False


class Plan(NamedTuple):
    """letters: that would go, oldest first. left: how many more would, beyond the limit of one run."""

    letters: tuple[Letter, ...]
    refused: Counter[str]
    left: int


def terms(settings: Settings, attempts: int | None, again: bool, choice: Choice) -> Terms:
    """Return the terms, as the raw topic is now. Raises SettingsWrong, KafkaUnreachable."""
    with admin(settings) as client:
        topic = topics.existing(client, [settings.topic_raw]).get(settings.topic_raw)
    if topic is None:
        raise SettingsWrong(
            f"topic {settings.topic_raw} does not exist: `millrace topics --apply` creates it"
        )
    return Terms(
        topic=settings.topic_raw,
        partitions=range(topic.partitions),
        size=min(settings.raw_limit, int(topic.config.get("max.message.bytes", MEBIBYTE)) - OVERHEAD),
        attempts=min(settings.redrive_limit if attempts is None else attempts, ATTEMPTS_MAX),
        again=again,
        poison=DeadCode.POISON in choice.codes or bool(choice.places or choice.uids),
    )


def refusal(found: Found, terms: Terms) -> str | None:
    """Return why a letter is not sent back, a key of REFUSALS; None: it is."""
    letter = found.letter
    if set(letter.wrong) - {"record-ms", "size"} or letter.attempt is None:
        return "headers"
    if letter.topic != terms.topic:
        return "other_topic"
    if letter.size is None or letter.cut:
        return "no_bytes"
    if found.sent is not None and not terms.again:
        return "redriven"
    if found.newer and not terms.again:
        return "newer"
    if letter.attempt >= terms.attempts:
        return "attempts"
    if letter.size > terms.size:
        return "too_large"
    if letter.code == DeadCode.POISON and not terms.poison:
        return "poison"
    return None


def plan(found: Iterable[Found], terms: Terms, limit: int) -> Plan:
    """Choose from letters, newest first: of those that may go the ``limit`` oldest."""
    refused: Counter[str] = Counter()
    letters: deque[Letter] = deque(maxlen=limit)
    able = 0
    for each in found:
        why = refusal(each, terms)
        if why is not None:
            refused[why] += 1
            continue
        able += 1
        letters.append(each.letter)
    return Plan(tuple(reversed(letters)), refused, able - len(letters))
