"""The table of jars, and what is done with a jar that is not the pinned one."""

import hashlib
from pathlib import Path

import pytest

from enrich.errors import SettingsWrong
from worker.broker.errors import JarRefused
from worker.broker.jars import Jar, pinned, table, verified
from worker.broker.pin import ROOTS

CONTENT = b"PK one"
ONE = Jar(hashlib.sha256(CONTENT).hexdigest(), "org.example:one:1.0")
TWO = Jar(hashlib.sha256(CONTENT).hexdigest(), "org.example:two:2.0")


def good(jar: Jar, beside: Path) -> Path:
    path = beside / jar.filename
    path.write_bytes(CONTENT)
    return path


def changed(jar: Jar, beside: Path) -> Path:
    path = beside / jar.filename
    path.write_bytes(CONTENT + b"!")
    return path


def offline(jar: Jar, beside: Path) -> Path:
    (beside / jar.filename).write_bytes(CONTENT[:3])
    raise JarRefused(f"{jar.coordinates}: cannot be fetched")


def test_each_line_of_the_committed_table_is_a_sum_and_coordinates() -> None:
    for jar in pinned():
        assert len(jar.sha256) == 64
        assert set(jar.sha256) <= set("0123456789abcdef")
        assert jar.coordinates.count(":") == 2


def test_the_committed_table_has_the_46_jars_of_kafka_once_each() -> None:
    assert len({jar.filename for jar in pinned()}) == len(pinned()) == 46


def test_the_committed_table_is_of_the_versions_that_pin_names() -> None:
    assert set(ROOTS) <= {jar.coordinates for jar in pinned()}


def test_the_committed_table_names_no_registry() -> None:
    assert not any("/" in jar.coordinates for jar in pinned())


def test_comments_and_blank_lines_of_a_table_are_skipped() -> None:
    assert table("# Kafka\n\nab  a:b:1\n") == (Jar("ab", "a:b:1"),)


def test_missing_jars_are_fetched(tmp_path: Path) -> None:
    paths = verified(tmp_path / "jars", [ONE, TWO], good)
    assert [path.read_bytes() for path in paths] == [CONTENT, CONTENT]


def test_jars_that_are_there_are_not_fetched(tmp_path: Path) -> None:
    good(ONE, tmp_path)
    assert verified(tmp_path, [ONE], offline) == (tmp_path / "one-1.0.jar",)


def test_a_jar_that_is_not_in_the_table_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "more-1.0.jar").write_bytes(CONTENT)
    assert verified(tmp_path, [ONE], good) == (tmp_path / "one-1.0.jar",)


def test_a_changed_jar_is_refused_in_one_line_that_names_it(tmp_path: Path) -> None:
    changed(ONE, tmp_path)
    with pytest.raises(JarRefused, match=r"^[^\n]*one-1\.0\.jar[^\n]*$"):
        verified(tmp_path, [ONE], good)


def test_a_directory_in_a_jars_place_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / ONE.filename).mkdir()
    with pytest.raises(JarRefused, match=r"one-1\.0\.jar"):
        verified(tmp_path, [ONE], good)


def test_a_fetched_jar_with_other_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JarRefused, match=r"one-1\.0\.jar"):
        verified(tmp_path, [ONE], changed)


@pytest.mark.parametrize("fetch", [changed, offline])
def test_a_failed_fetch_leaves_nothing(tmp_path: Path, fetch: object) -> None:
    with pytest.raises(JarRefused):
        verified(tmp_path, [ONE], fetch)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsWrong, match="XDG_CACHE_HOME"):
        verified(tmp_path / "file" / "jars", [ONE], good)


def test_a_directory_that_would_split_the_class_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="must not have"):
        verified(tmp_path / "a:b", [ONE], good)
