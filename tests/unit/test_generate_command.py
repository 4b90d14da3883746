"""`millrace generate`, called as a function, and what `millrace train` refuses."""

from pathlib import Path

import orjson
import pytest

from enrich.errors import SettingsWrong
from millrace.commands.generate import Format, generate
from millrace.commands.train import train
from training.generate import Parameters, samples


def written(room: Path, **options: object) -> list[bytes]:
    out = room / "out.jsonl"
    generate(count=400, out=out, **options)  # type: ignore[arg-type]
    return out.read_bytes().splitlines()


def test_the_lines_are_the_samples(tmp_path: Path) -> None:
    expected = [sample.line for sample in samples(Parameters(seed=2, count=400, days=1))]
    assert written(tmp_path, seed=2, days=1) == expected


def test_standard_output_gets_the_same(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    expected = written(tmp_path)
    generate(count=400)
    assert capfdbinary.readouterr().out.splitlines() == expected


def test_a_format_can_be_chosen(tmp_path: Path) -> None:
    assert all(b'"rule"' in line for line in written(tmp_path, format_=Format.WAZUH))


def test_there_is_a_label_for_each_line(tmp_path: Path) -> None:
    lines = written(tmp_path, labels=tmp_path / "labels.jsonl")
    labels = [orjson.loads(line) for line in (tmp_path / "labels.jsonl").read_bytes().splitlines()]
    assert (len(labels), {label["severity"] for label in labels} <= {1, 2, 3, 4, 5}) == (len(lines), True)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="--out"):
        generate(count=1, out=tmp_path / "no" / "such")


def test_training_needs_to_be_told_from_what() -> None:
    with pytest.raises(SettingsWrong, match="--bootstrap"):
        train()


def test_production_trains_no_bootstrap_bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MILLRACE_ENV", "production")
    with pytest.raises(SettingsWrong, match="production"):
        train(bootstrap=True)
