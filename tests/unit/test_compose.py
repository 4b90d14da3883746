"""The composition root: what is part of the context, and what it refuses."""

from functools import cache
from pathlib import Path

import pytest

from enrich.errors import SettingsWrong
from worker import compose
from worker.settings import Settings


def settings(**changes: object) -> Settings:
    return Settings(**changes)  # type: ignore[arg-type]


def context_id(partitions: int = 6, **changes: object) -> str:
    return compose.context(settings(**changes), partitions, None).context_id


@cache
def usual() -> str:
    """Of settings that nobody changed: a quarter of a second each time, for the words of ATT&CK."""
    return context_id()


def test_the_same_settings_give_the_same_context() -> None:
    assert context_id() == usual()


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "other"},
        {"zone": "Europe/Vienna"},
        {"networks": ("10.0.0.0/8",)},
        {"raw_keep": 1_000},
        {"partitions": 7},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_can_change_a_byte_changes_the_context(changes: dict[str, object]) -> None:
    partitions = changes.pop("partitions", 6)
    assert context_id(partitions, **changes) != usual()  # type: ignore[arg-type]


def test_a_changed_policy_is_another_context(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("version = 1\n[escalate]\nthreshold = 71\n")
    assert context_id(policy=file) != usual()


def test_libraries_sources_and_zone_data_are_part_of_the_context() -> None:
    names = {name for name, _ in compose.context(settings(), 1, None).extra}
    assert {"numpy", "scikit-learn", "orjson", "python", "sources", "zone data"} <= names


def test_a_capacity_below_the_number_of_partitions_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("version = 1\n[escalate]\ncapacity_per_day = 4\n")
    assert compose.context(settings(policy=file), 4, None)
    with pytest.raises(SettingsWrong, match="capacity_per_day is 4, for 6 partitions"):
        compose.context(settings(policy=file), 6, None)


def test_a_policy_that_is_not_toml_is_one_line_that_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("version = ")
    with pytest.raises(SettingsWrong, match=r"policy\.toml: not TOML") as refused:
        compose.context(settings(policy=file), 1, None)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Mars/Olympus"])
def test_a_zone_that_is_another_on_each_machine_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        settings(zone=zone)


@pytest.mark.parametrize(
    "changes",
    [
        {"sasl_username": "me", "sasl_password_file": "/x"},
        {"ssl_ca_file": "/y"},
        {"security_protocol": "SSL", "ssl_key_file": "/z"},
        {"bootstrap": ("kafka:0",)},
        {"bootstrap": ("kafka:99999",)},
        {"raw_limit": 1_024},
    ],
)
def test_settings_that_would_be_silently_without_effect_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"settings|go together|ports are|greater than"):
        settings(**changes)
