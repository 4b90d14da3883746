"""The container engine, asked by its own command line. Nothing here is ever pulled."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
KAFKA_IMAGE: Final = "apache/kafka:4.1.1"
PYTHON_IMAGE: Final = "python:3.11-slim-bookworm"
# What the two targets of deploy/Dockerfile are called in docker-compose.yml.
WORKER_IMAGE: Final = "millrace-worker"
TRAIN_IMAGE: Final = "millrace-train"
ASK_S: Final = 5.0
BUILD_S: Final = 600.0


def answer(*args: str, timeout_s: float = ASK_S) -> str | None:
    """Return what a docker command says, None where it fails, is not there or does not answer in time."""
    try:
        done = subprocess.run(["docker", *args], capture_output=True, text=True, timeout=timeout_s)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def missing(*images: str) -> str | None:
    """Return why these tests cannot run here, in a line that says what to do; None: they can."""
    if not answer("version", "--format", "{{.Server.Version}}"):
        return "no container engine answers `docker version`: start one"
    if not answer("compose", "version", "--short"):
        return "`docker compose` (version 2) is not there: install the plugin"
    absent = [image for image in images if answer("image", "inspect", image) is None]
    return f"not pulled by a test: docker pull {' '.join(absent)}" if absent else None


def docker(*args: str, timeout_s: float = 60, given: Mapping[str, str] | None = None) -> str:
    """Return what a docker command that must succeed writes to stdout; AssertionError with its last lines."""
    done = subprocess.run(
        ["docker", *args], cwd=ROOT, env=environment(given), capture_output=True, text=True, timeout=timeout_s
    )
    said = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
    assert done.returncode == 0, f"docker {' '.join(args)}: exit code {done.returncode}\n{said}"
    return done.stdout


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for the command line: without our settings, which would be the developer's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
    return {**clean, **(given or {})}


def inspect(name: str) -> dict[str, Any]:
    """Return what the engine knows of an image or a container."""
    found: list[dict[str, Any]] = json.loads(docker("inspect", name))
    return found[0]


def log_lines(container: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON lines of a container's log, stderr and stdout."""
    done = subprocess.run(["docker", "logs", container], capture_output=True, timeout=60)
    for line in (done.stderr + done.stdout).splitlines():
        if line.startswith(b"{"):
            yield json.loads(line)
