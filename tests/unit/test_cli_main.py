"""The command line: quick, lazy, and every error is one line."""

import ast
import inspect
import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest
import typer

from millrace import __version__
from millrace.cli import COMMANDS, load, main

ROOT = Path(__file__).parents[2]
HEAVY = ("faust", "aiokafka", "kafka", "sklearn", "numpy", "pydantic", "training", "worker", "models")
# An address that refuses at once, and a broker that nobody waits for.
NOWHERE = {"MILLRACE_BOOTSTRAP": "127.0.0.1:1", "MILLRACE_CONNECT_TIMEOUT_S": "0.3"}


def millrace(*args: str, cwd: Path, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
    clean |= {"PYTHONPATH": str(ROOT), "MILLRACE_STATE": str(cwd / "state"), "COLUMNS": "100", **env}
    command = [sys.executable, "-m", "millrace", *args]
    return subprocess.run(
        command, cwd=cwd, env=clean, input=given, capture_output=True, text=True, timeout=60
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on stderr; nothing on stdout, and the exit code says no."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("millrace: ")
    return lines[0]


def test_help_names_every_command(tmp_path: Path) -> None:
    text = millrace("--help", cwd=tmp_path).stdout
    assert [name for name in COMMANDS if name not in text] == []


def test_help_loads_nothing_that_a_command_needs(tmp_path: Path) -> None:
    code = f"""
import sys
from millrace.cli import main
main(["--help"])
print([module for module in {HEAVY} if module in sys.modules])
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_without_arguments_it_shows_its_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert (main([]), "Usage: millrace" in capfd.readouterr().out) == (0, True)


def test_version_is_that_of_the_project(capfd: pytest.CaptureFixture[str]) -> None:
    main(["--version"])
    assert capfd.readouterr().out == f"millrace {__version__}\n"
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_can_be_loaded_and_its_help_has_an_example(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert (main([name, "--help"]), "Example: " in capfd.readouterr().out) == (0, True)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "millrace" / "commands").glob("[!_]*.py")), ids=lambda p: p.stem
)
def test_every_module_of_a_command_is_in_the_table(path: Path) -> None:
    assert COMMANDS[path.stem].where.startswith(f"millrace.commands.{path.stem}:")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_module_loads_no_kafka_before_it_is_called(name: str) -> None:
    module = import_module(COMMANDS[name].where.partition(":")[0])
    tree = ast.parse(inspect.getsource(module))
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [alias.name for node in top if isinstance(node, ast.Import) for alias in node.names]
    names += [str(node.module) for node in top if isinstance(node, ast.ImportFrom)]
    assert [name for name in names if name.split(".")[0] in ("kafka", "aiokafka", "faust", "worker")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_comes_without_rich_markup_of_its_own(name: str) -> None:
    assert not isinstance(load(name), typer.Typer)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["snd"], "no command 'snd'; did you mean send?"),
        (["send"], "Missing argument"),
        (["send", "x", "--nope"], "No such option: --nope"),
        (["send", "x", "--rate", "fast"], "'--rate': Input should be a valid number"),
        (["send", "x", "--key", "host"], "'--key': 'host' is not one of"),
        (["watch", "raw"], "'raw' is not one of"),
        (["watch", "dead", "--count", "0"], "greater than or equal to 1"),
        (["--nope"], "No such option: --nope"),
    ],
    ids=" ".join,
)
def test_a_wrong_option_is_one_line_that_says_where_help_is(
    args: list[str], words: str, tmp_path: Path
) -> None:
    line = one_line(millrace(*args, cwd=tmp_path))
    assert (words in line, "--help)" in line) == (True, True)


@pytest.mark.parametrize(
    "args", [["topics"], ["status"], ["watch", "dead"], ["worker"], ["send", "-"]], ids=" ".join
)
def test_an_unreachable_broker_is_one_line_that_says_what_to_do(args: list[str], tmp_path: Path) -> None:
    line = one_line(millrace(*args, cwd=tmp_path, given="{}\n", **NOWHERE))
    assert "127.0.0.1:1" in line
    assert "connection refused" in line
    assert "MILLRACE_BOOTSTRAP" in line


def test_an_unreachable_broker_is_told_within_its_time(tmp_path: Path) -> None:
    began = time.monotonic()
    millrace("topics", cwd=tmp_path, **NOWHERE)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("args", [["topics"], ["worker"], ["watch", "dead"]], ids=" ".join)
def test_a_wrong_setting_is_one_line_that_names_it(args: list[str], tmp_path: Path) -> None:
    line = one_line(millrace(*args, cwd=tmp_path, MILLRACE_GRUOP="x"))
    assert "MILLRACE_GRUOP" in line


def test_a_file_that_is_not_there_is_told_before_a_broker_is_asked(tmp_path: Path) -> None:
    assert "nothing.json" in one_line(millrace("send", "nothing.json", cwd=tmp_path, **NOWHERE))


def test_a_password_file_that_is_not_there_is_told_without_its_name(tmp_path: Path) -> None:
    env = {"SECURITY_PROTOCOL": "SASL_PLAINTEXT", "SASL_USERNAME": "u", "SASL_PASSWORD_FILE": "hunter2"}
    line = one_line(millrace("topics", cwd=tmp_path, **{f"MILLRACE_{n}": v for n, v in env.items()}))
    assert ("sasl_password_file" in line, "hunter2" in line) == (True, False)


def test_a_developer_may_see_the_traceback(tmp_path: Path) -> None:
    done = millrace("topics", cwd=tmp_path, MILLRACE_TRACEBACK="1", **NOWHERE)
    assert "Traceback" in done.stderr
