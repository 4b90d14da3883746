"""The three places that settings come from: what stands in each, under which name."""

import os
import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple

from dotenv import dotenv_values

from enrich.errors import SettingsWrong

PREFIX: Final = "MILLRACE_"
ENV_FILE: Final = ".env"
TOML_FILE: Final = "millrace.toml"
# Names with the prefix that are no settings: where the TOML file is, and tracebacks for a developer.
CONFIG: Final = PREFIX + "CONFIG"
TRACEBACK: Final = PREFIX + "TRACEBACK"


class Given(NamedTuple):
    """A setting that was given. name: as a field, in lower case. place: how to tell a person where."""

    name: str
    shown: str
    place: str


def toml_file() -> Path:
    """Return what ``MILLRACE_CONFIG`` names, else ``millrace.toml`` in the working directory."""
    return Path(_config() or TOML_FILE).expanduser()


def given() -> Iterator[Given]:
    """Yield what was given, strongest source first. Raises SettingsWrong for a file that cannot be read."""
    for place, names in (("environment", os.environ), (ENV_FILE, _dotenv())):
        for name in names:
            if name.upper().startswith(PREFIX) and name.upper() not in (CONFIG, TRACEBACK):
                yield Given(name.upper().removeprefix(PREFIX).lower(), name, place)
    path = toml_file()
    for name in _toml(path):
        yield Given(name, name, path.name)


def unknown(known: Iterable[str]) -> list[str]:
    """Return one line for each name given that is not a setting, with the nearest one that is."""
    fields = list(known)
    lines = []
    for name, shown, place in given():
        if name not in fields:
            near = get_close_matches(name, fields, n=1, cutoff=0.5)
            upper = place in ("environment", ENV_FILE)
            hint = f"; did you mean {PREFIX + near[0].upper() if upper else near[0]}?" if near else ""
            lines.append(f"unknown setting {shown} ({place}){hint}")
    return lines


def place_of(name: str) -> str:
    """Return ``MILLRACE_NAME (environment)`` or the like for a field: the source that won."""
    for each in given():
        if each.name == name:
            return f"{each.shown} ({each.place})"
    return PREFIX + name.upper()


def _dotenv() -> dict[str, str | None]:
    try:
        return dotenv_values(ENV_FILE) if Path(ENV_FILE).is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsWrong(f"{ENV_FILE} cannot be read: {error}") from None


def _config() -> str | None:
    return os.environ.get(CONFIG) or _dotenv().get(CONFIG)


def _toml(path: Path) -> Iterable[str]:
    if not path.is_file():
        if _config():
            raise SettingsWrong(f"{CONFIG} names {path}, which is no file")
        return ()
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsWrong(f"{path} cannot be read: {error}") from None
