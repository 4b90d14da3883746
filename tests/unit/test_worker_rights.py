"""Which rights are missing, from what the brokers say of each topic and of the group."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from kafka.errors import CoordinatorNotAvailableError, GroupAuthorizationFailedError

from worker.rights import GROUP, SENDER, WORKER, missing
from worker.run import NEEDED
from worker.settings import Settings

SECURITY = Path(__file__).parents[2] / "docs" / "security.md"
ALL = ["READ", "WRITE", "DESCRIBE"]


class Admin:
    """topics: what may be done with each, an error's number, or None: it does not tell. group: alike."""

    def __init__(self, topics: Mapping[str, Any] | None = None, group: Any = ALL) -> None:
        self._topics = topics or {}
        self._group = group

    def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        """As kafka-python's."""
        told = {name: self._topics.get(name, ALL) for name in names}
        return [
            {"name": name, "error_code": each if isinstance(each, int) else 0, "authorized_operations": each}
            for name, each in told.items()
        ]

    def describe_groups(self, names: list[str]) -> dict[str, Any]:
        """As kafka-python's, one group at a time."""
        if isinstance(self._group, Exception):
            raise self._group
        error = self._group if isinstance(self._group, str) else None
        return {names[0]: {"error": error, "authorized_operations": None if error else self._group}}


def lines(*args: Any, **kwargs: Any) -> list[str]:
    return missing(Admin(*args, **kwargs), Settings())


def test_with_every_right_nothing_is_missing() -> None:
    assert lines() == []


@pytest.mark.parametrize("unknown", [3, None], ids=["not there", "does not tell"])
def test_a_topic_of_which_nothing_is_told_lacks_nothing(unknown: Any) -> None:
    assert lines({"alerts.raw": unknown}, group=None) == []


def test_a_right_that_is_missing_is_named_with_its_topic() -> None:
    (told,) = lines({"alerts.enriched": ["READ", "DESCRIBE"]})
    assert told == "topic alerts.enriched: this user may not WRITE it (docs/security.md has the list)"


def test_a_topic_that_is_hidden_lacks_all_that_is_needed() -> None:
    (told,) = lines({"alerts.state": 29})
    assert told.startswith("topic alerts.state: this user may not READ and WRITE it")


@pytest.mark.parametrize(
    "group", [GroupAuthorizationFailedError(), "[Error 30] GroupAuthorizationFailedError", ["DESCRIBE"]]
)
def test_a_group_that_may_not_be_read_is_named(group: Any) -> None:
    (told,) = lines(group=group)
    assert told.startswith("group millrace: this user may not READ it")


def test_a_coordinator_that_is_not_there_yet_is_no_missing_right() -> None:
    assert lines(group=CoordinatorNotAvailableError()) == []


def test_of_a_sender_neither_the_outputs_nor_the_group_are_asked() -> None:
    told = Admin({"alerts.raw": ["READ", "DESCRIBE"], "alerts.dead": 29}, group=["DESCRIBE"])
    (line,) = missing(told, Settings(), SENDER)
    assert line.startswith("topic alerts.raw: this user may not WRITE it")


def test_every_topic_that_a_worker_needs_is_in_the_table() -> None:
    assert set(WORKER) == set(NEEDED)


def test_every_right_is_in_the_documentation() -> None:
    text = SECURITY.read_text("utf-8")
    documented = {
        tuple(cell.strip(" `") for cell in row.strip("|").split("|"))[:3]
        for row in text.splitlines()
        if row.startswith("| worker |")
    }
    needed = {("worker", f"alerts.{role}", right) for role, rights in WORKER.items() for right in rights}
    assert needed | {("worker", "group millrace", right) for right in GROUP} <= documented
