"""The repository itself: what is packaged, what is pinned, what must not be committed."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from setuptools import find_packages

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PACKAGES = ["millrace", "worker", "training", "models", "enrich"]
LARGEST = 600_000
# Written apart so that this file is not one that has them.
REGISTRIES = ["pypi." + "org", "files.python" + "hosted", "repo.maven." + "apache", "repo1.maven." + "org"]


def committed() -> list[Path]:
    """Files that git has or would take."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def required_names() -> set[str]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    lines = [*PROJECT["project"]["dependencies"], *(line for extra in extras for line in extra)]
    return {re.split(r"[^a-z0-9._-]", line.lower(), maxsplit=1)[0] for line in lines}


def test_every_directory_with_code_is_a_package_that_is_installed() -> None:
    having_code = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for top in PACKAGES
        for path in (ROOT / top).rglob("*.py")
    }
    include = PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    assert having_code == set(find_packages(str(ROOT), include=include))


def test_every_packaged_table_is_installed() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    data = [path for path in committed() if path.relative_to(ROOT).parts[0] in PACKAGES]
    left_out = [p for p in data if p.suffix != ".py" and not any(p.match(each) for each in patterns)]
    assert left_out == []


def test_no_committed_file_is_large() -> None:
    assert [path for path in committed() if path.stat().st_size > LARGEST] == []


def test_no_committed_file_names_a_registry() -> None:
    found = [
        (path.name, address)
        for path in committed()
        for address in REGISTRIES
        if address in path.read_text(encoding="utf-8", errors="ignore")
    ]
    assert found == []


def test_ci_runs_the_two_commands_that_a_person_types() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("make")] == ["make test", "make check"]


def test_ci_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_lock_has_no_address() -> None:
    assert re.findall(r"://|--index|--extra-index|--find-links| @ ", LOCK) == []


def test_every_line_of_the_lock_is_one_version_with_hashes() -> None:
    entries = re.split(r"\n(?=[a-z0-9])", "\n" + "\n".join(LOCK.splitlines()[1:]))[1:]
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_lock_has_all_that_the_project_asks_for() -> None:
    locked = set(re.findall(r"^([a-z0-9._-]+)==", LOCK, flags=re.MULTILINE))
    assert required_names() - locked == set()


def test_faust_is_pinned_to_the_version_whose_private_methods_are_known() -> None:
    assert "faust-streaming==0.15.3" in PROJECT["project"]["dependencies"]


def test_the_license_is_apache_2() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8").splitlines()[1]


def test_make_help_has_a_line_for_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    assert targets is not None
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^make (\w+)", told, flags=re.MULTILINE) == targets[1].split()
