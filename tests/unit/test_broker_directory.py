"""One broker per data directory; what dead ephemeral ones left is cleared."""

import os
from pathlib import Path

import pytest

from enrich.errors import SettingsWrong
from worker.broker.directory import claim, claim_ephemeral, stored_cluster_id


def test_a_second_claim_is_refused_in_one_line_that_names_the_directory(tmp_path: Path) -> None:
    claim(tmp_path)
    with pytest.raises(SettingsWrong, match=rf"^{tmp_path}: another broker[^\n]*$"):
        claim(tmp_path)


def test_a_directory_is_free_again_when_the_lock_is_closed(tmp_path: Path) -> None:
    os.close(claim(tmp_path))
    os.close(claim(tmp_path))


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsWrong, match="no broker data can be kept here"):
        claim(tmp_path / "file" / "data")


def test_ephemeral_directories_differ(tmp_path: Path) -> None:
    assert claim_ephemeral(tmp_path)[0] != claim_ephemeral(tmp_path)[0]


def test_what_a_dead_ephemeral_broker_left_is_deleted(tmp_path: Path) -> None:
    left, lock = claim_ephemeral(tmp_path)
    os.close(lock)
    claim_ephemeral(tmp_path)
    assert not left.exists()


def test_a_living_ephemeral_broker_keeps_its_data(tmp_path: Path) -> None:
    living, _ = claim_ephemeral(tmp_path)
    claim_ephemeral(tmp_path)
    assert living.exists()


def test_an_empty_directory_has_no_cluster_id(tmp_path: Path) -> None:
    assert stored_cluster_id(tmp_path) is None


def test_the_cluster_id_is_read_from_the_storage(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_text("#\nversion=1\ncluster.id=TEa0\nnode.id=1\n")
    assert stored_cluster_id(tmp_path) == "TEa0"
