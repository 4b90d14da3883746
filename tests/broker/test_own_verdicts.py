"""Training on a team's own verdicts, whole: worker, verdicts, train, report, promote, swap, other scores."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from kafka import KafkaProducer

from tests.broker.installation import Installation, source_of, wait_for
from tests.broker.judged_alerts import ALWAYS_FALSE, ALWAYS_TRUE, Seen, alerts, known
from training.verdict_record import Verdict, encoded

pytestmark = pytest.mark.broker

COUNT, DAYS, SEED = 2_000, 10, 11
PARTITIONS: Final = 2
# Verdicts that are typed, each a process of its own; the others go to the topic in the same form.
TYPED: Final = 3
# Alerts of each of the two rules before the training and after the swap.
LATER: Final = 20
# Where other processes take the cores; on a quiet machine training takes 30 s.
TRAIN_S: Final = 600.0
WORDS: Final = {True: "true_positive", False: "false_positive"}
SEVERITY: Final = {1: "informational", 2: "low", 4: "high"}


class Team:
    """An installation with a bootstrap bundle in force, its worker's alerts, and what the analysts think."""

    def __init__(self, bootstrap: str, prefix: str, home: Path, trained_state: Path) -> None:
        shutil.copytree(trained_state, home / "state")
        self.line = Installation(
            bootstrap,
            prefix,
            home,
            partitions=PARTITIONS,
            authors="anna,ben",
            on_bundle_error="stop",
            bundles_poll_s=0.2,
        )
        self.key = self.line.json("models", "keygen", "--comment", "team")["key_id"]
        assert self.line.run("topics", "--apply").returncode == 0
        self.seen: dict[tuple[int, int], Seen] = {}

    def send(self, some: list[Seen]) -> None:
        """Put alerts on the raw topic, one after the other on either partition."""
        for partition in range(PARTITIONS):
            own = some[partition::PARTITIONS]
            places = self.line.produce([each.line for each in own], partition=partition)
            self.seen.update(zip(places, own, strict=True))
        wait_for(lambda: self.line.count("enriched") >= len(self.seen), 120)

    def events(self) -> dict[tuple[int, int], dict[str, Any]]:
        """The events by where they came from; each came once."""
        records = self.line.read("enriched")
        assert Counter(map(source_of, records)) == Counter(dict.fromkeys(self.seen, 1))
        return {source_of(record): orjson.loads(record.value) for record in records}

    def judge(self, events: dict[tuple[int, int], dict[str, Any]]) -> tuple[str, str]:
        """Say of each event what it was; return the uids of a contradiction and of a stranger's verdict."""
        typed, told = list(events)[:TYPED], list(events)[TYPED:]
        for place in typed:
            seen, uid = self.seen[place], events[place]["metadata"]["uid"]
            words = (WORDS[seen.true], "--severity", SEVERITY[seen.severity])
            assert self.line.run("verdict", uid, *words, "--author", "anna").returncode == 0
        with KafkaProducer(bootstrap_servers=self.line.bootstrap, linger_ms=5) as producer:

            def say(uid: str, word: str, author: str, severity: int | None) -> None:
                key, value = encoded(Verdict(uid, word, author, 1, severity, None))
                producer.send(self.line.topics["feedback"], key=key, value=value)

            for number, place in enumerate(told):
                seen, uid = self.seen[place], events[place]["metadata"]["uid"]
                author = "ben" if number % 4 == 0 else "anna"
                say(uid, WORDS[not seen.true], author, 3)  # a first thought, taken back by the next
                say(uid, WORDS[seen.true], author, seen.severity)
            contradicted, strange = (events[place]["metadata"]["uid"] for place in (typed[0], typed[1]))
            say(contradicted, WORDS[not self.seen[typed[0]].true], "ben", None)
            say(strange, WORDS[not self.seen[typed[1]].true], "mallory", 5)
        return contradicted, strange


def of_rule(
    events: dict[tuple[int, int], dict[str, Any]], title: str, least: int = 0
) -> list[dict[str, Any]]:
    """Return our own object of the events of a rule from an offset on."""
    found = [event for (_, offset), event in events.items() if offset >= least]
    return [each["unmapped"]["millrace"] for each in found if each["finding_info"]["title"] == title]


def mean(found: list[dict[str, Any]], *path: str) -> float:
    """Return the mean of a number in them."""
    values = []
    for each in found:
        value: Any = each
        for name in path:
            value = value[name]
        values.append(float(value))
    return sum(values) / len(values)


@pytest.mark.timeout(900)
def test_what_the_team_says_is_learnt_judged_promoted_and_changes_what_the_worker_says(
    bootstrap: str, prefix: str, tmp_path: Path, trained_state: Path
) -> None:
    team = Team(bootstrap, prefix, tmp_path, trained_state)
    line = team.line
    with line.process("worker"):
        team.send(list(alerts(SEED, COUNT, DAYS)))
        before = team.events()
        contradicted, _ = team.judge(before)
        done = line.run("train", "--feedback", "--key", team.key, "--json", wait_s=TRAIN_S)
        assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()[-2_000:]
        made = orjson.loads(done.stdout)
        report = orjson.loads(Path(made["report"]).with_suffix(".json").read_bytes())
        promoted = line.run("models", "promote", made["bundle_id"], "--why", "ours", "--key", team.key)
        assert promoted.returncode == 0, promoted.stderr.decode()
        wait_for(lambda: '"event":"bundle"' in line.log().replace(" ", ""), 30)
        last_ms = max(event["time"] for event in before.values())
        team.send(
            [
                Seen(known(100_000 + i, last_ms + 60_000 * (i + 1), title), False, 1, title)
                for i in range(LATER)
                for title in (ALWAYS_FALSE, ALWAYS_TRUE)
            ]
        )
        after = team.events()
    notes = "\n".join(report["sections"]["notes"])
    assert made["refused"] == []
    assert (
        f"verdicts: {COUNT + 1:,} that count (anna 75%, ben 25%); rows from {COUNT:,} of {COUNT:,}" in notes
    )
    assert "verdicts: anna gave more than half of them" in notes
    assert f"verdicts: {COUNT - TYPED:,} replaced by a later one of the same author" in notes
    assert "verdicts: 1 of authors who are not allow-listed: ignored" in notes
    assert f"contradict each other on what it was of 1 events, first {contradicted}" in notes
    assert "forest on words and columns" in notes
    page = Path(made["report"]).read_text("utf-8")
    assert made["bundle_id"] in page
    assert "anna 75%" in page
    fresh = {place: event for place, event in after.items() if place not in before}
    assert {event["unmapped"]["millrace"]["bundle_id"] for event in fresh.values()} == {made["bundle_id"]}
    old, new = (of_rule(events, ALWAYS_FALSE) for events in (before, fresh))
    assert len(new) == LATER
    assert mean(new, "severity", "model_score") < mean(old, "severity", "model_score")
    assert mean(new, "severity", "id") <= mean(old, "severity", "id")
    assert mean(new, "priority") < mean(old, "priority")
    assert max(each["worth"] for each in new) < 0.2
    old, new = (of_rule(events, ALWAYS_TRUE) for events in (before, fresh))
    assert len(new) == LATER
    assert mean(new, "severity", "id") > mean(old, "severity", "id")
    assert mean(new, "priority") > mean(old, "priority")
    assert min(each["worth"] for each in new) > 0.6
