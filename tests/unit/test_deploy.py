"""The part of the lock that an image installs, and the question that the engine asks a worker."""

import re
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

from deploy import container_health
from deploy.lock_subset import asked, subset

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
SMALL: Final = """# Made by a test
a==1 \\
    --hash=sha256:aa
    # via b
b==2 ; sys_platform == 'win32' \\
    --hash=sha256:bb
    # via
    #   c
    #   millrace (pyproject.toml)
c==3 \\
    --hash=sha256:cc
    # via millrace (pyproject.toml)
d==4 \\
    --hash=sha256:dd
    # via millrace (pyproject.toml)
"""


def names(entries: list[str]) -> set[str]:
    return {entry.split("==")[0] for entry in entries}


def needed_by(requirement: str, known: set[str]) -> set[str]:
    """What a requirement brings along on this machine, by the metadata of what is installed."""
    wanted = Requirement(requirement)
    name = re.sub(r"[-_.]+", "-", wanted.name).lower()
    if name in known or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
        return known
    known = known | {name}
    for each in distribution(name).requires or ():
        for extra in wanted.extras or {""}:
            marker = Requirement(each).marker
            if marker is None or marker.evaluate({"extra": extra}):
                known = needed_by(each.split(";")[0], known)
    return known


def test_a_subset_is_what_was_asked_for_and_what_that_came_with() -> None:
    assert names(subset(SMALL, ["c"])) == {"a", "b", "c"}


def test_a_subset_is_made_of_the_locks_own_entries_in_their_order() -> None:
    assert "".join(subset(SMALL, ["d", "c"])) == SMALL.split("\n", 1)[1]


def test_a_name_that_the_lock_does_not_have_is_told() -> None:
    with pytest.raises(SystemExit, match="has no e: make lock"):
        subset(SMALL, ["e"])


def test_a_worker_is_given_exactly_what_its_dependencies_need() -> None:
    here: set[str] = set()
    for line in PROJECT["dependencies"]:
        here = needed_by(line, here)
    given = {
        Requirement(entry.split("\\")[0]).name
        for entry in subset(LOCK, asked(PROJECT, []))
        if (marker := Requirement(entry.split("\\")[0]).marker) is None or marker.evaluate()
    }
    assert given == here


def test_training_is_given_its_packages_beside_it() -> None:
    more = names(subset(LOCK, asked(PROJECT, ["train"]))) - names(subset(LOCK, asked(PROJECT, [])))
    assert more == {"pandas", "pyyaml"}


def test_the_image_has_the_files_that_the_dockerfile_copies_and_no_others() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    ignored = (ROOT / ".dockerignore").read_text("utf-8")
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, flags=re.MULTILINE)
        for name in line.split()
    }
    assert set(re.findall(r"^!(.*)$", ignored, flags=re.MULTILINE)) == copied


class Answering(BaseHTTPRequestHandler):
    """Ready never, alive always."""

    def do_GET(self) -> None:
        body = b'{"ready": false}'
        self.send_response(200 if self.path == "/health/live" else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody listens."""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        monkeypatch.setenv("MILLRACE_HTTP_PORT", str(server.server_port))
        monkeypatch.setenv("MILLRACE_HTTP_HOST", "0.0.0.0")  # noqa: S104 - as in a container
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(("which", "code"), [("live", 0), ("ready", 1)])
def test_the_engine_is_told_what_the_worker_says(
    which: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert container_health.main(which) == code
    assert '{"ready": false}' in capsys.readouterr().out


def test_a_worker_that_does_not_answer_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_HTTP_PORT", "1")
    assert container_health.main("live") == 1


def test_a_worker_without_a_door_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_HTTP", "false")
    assert container_health.main("live") == 0
