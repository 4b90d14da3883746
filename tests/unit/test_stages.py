"""Stages of a training are kept: a second run goes on, and what was made otherwise is made again."""

import resource
from pathlib import Path

import pytest

from enrich.errors import SettingsWrong
from training.stages import Stages, key_of


class Counted:
    """A stage that counts how often it is made."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, tell: object) -> list[int]:
        self.times += 1
        return [1, 2, 3]


def test_a_stage_is_made_once_and_then_taken_from_where_it_was_kept(tmp_path: Path) -> None:
    made = Counted()
    for _ in range(2):
        assert Stages(tmp_path).kept("count", "a" * 32, made) == [1, 2, 3]
    assert made.times == 1


def test_another_key_is_another_stage(tmp_path: Path) -> None:
    made = Counted()
    for key in (key_of("count", 1), key_of("count", 2)):
        Stages(tmp_path).kept("count", key, made)
    assert made.times == 2


@pytest.mark.parametrize("left", [b"", b"half of a pick", b"\x80\x04\x95"])
def test_what_a_killed_run_left_half_written_is_made_again(tmp_path: Path, left: bytes) -> None:
    made = Counted()
    (tmp_path / f"{'a' * 32}.joblib").write_bytes(left)
    assert Stages(tmp_path).kept("count", "a" * 32, made) == [1, 2, 3]
    assert made.times == 1


def test_without_a_directory_nothing_is_kept(tmp_path: Path) -> None:
    made = Counted()
    stages = Stages(None)
    stages.kept("count", "a" * 32, made)
    stages.kept("count", "a" * 32, made)
    assert made.times == 2
    assert [stage.name for stage in stages.told] == ["count", "count"]


def test_what_is_kept_is_gone_when_the_training_is_done(tmp_path: Path) -> None:
    stages = Stages(tmp_path / "work")
    stages.kept("count", "a" * 32, Counted())
    stages.forget()
    assert not (tmp_path / "work").exists()


def test_where_there_is_no_room_the_directory_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))  # a disk where no file has more
    try:
        with pytest.raises(SettingsWrong, match="make room, or name another directory") as refused:
            Stages(tmp_path / "work").kept("count", "a" * 32, lambda tell: list(range(1_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(tmp_path / "work") in str(refused.value)
    assert list((tmp_path / "work").iterdir()) == []


def test_what_is_kept_is_for_nobody_else(tmp_path: Path) -> None:
    Stages(tmp_path / "work").kept("count", "a" * 32, Counted())
    assert (tmp_path / "work").stat().st_mode & 0o077 == 0


def test_each_stage_is_told_with_its_rows() -> None:
    told: list[tuple[str, int, int]] = []
    stages = Stages(None, lambda what, done, of: told.append((what, done, of)))
    with stages.timed("read", 7) as tell:
        tell(3)
    assert told == [("read", 0, 7), ("read", 3, 7)]
