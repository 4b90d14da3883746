"""Print the part of requirements.lock that these extras of pyproject.toml need, hashes and all.

    python deploy/lock_subset.py              what a worker needs: the project's own dependencies
    python deploy/lock_subset.py train        and those of an extra
    python deploy/lock_subset.py --build      what building the project needs, nothing else

The lock is one for all extras and says of each package through which others it came ("via"). An image
installs the part with ``pip install --require-hashes``, which refuses a part that is not complete: what this
file gets wrong ends the build, and cannot bring in a package that is not pinned.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def asked(project: dict[str, Any], extras: Iterable[str]) -> set[str]:
    """Return the names that ``[project]`` and these extras of it ask for; KeyError: no such extra."""
    optional = project["optional-dependencies"]
    return {
        _name(line)
        for lines in (project["dependencies"], *map(optional.__getitem__, extras))
        for line in lines
    }


def subset(lock: str, names: Iterable[str]) -> list[str]:
    """Return the entries of the lock that these packages need, themselves included, in its order."""
    entries = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]
    via = [
        set(re.findall(r"^ +# +(?:via )?(?!via$)([A-Za-z0-9][A-Za-z0-9._-]*)$", entry, re.MULTILINE))
        for entry in entries
    ]
    needed, before = set(names), 0
    while len(needed) > before:
        before = len(needed)
        needed |= {_name(entry) for entry, parents in zip(entries, via, strict=True) if parents & needed}
    if missing := sorted(needed - {_name(entry) for entry in entries}):
        raise SystemExit(f"requirements.lock has no {', '.join(missing)}: make lock")
    return [entry for entry in entries if _name(entry) in needed]


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    if found is None:
        raise SystemExit(f"no requirement: {requirement!r}")
    return found[0].lower()


def main(arguments: list[str]) -> None:
    """Print the subset."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    build = arguments == ["--build"]
    names = (
        {_name(line) for line in project["build-system"]["requires"]}
        if build
        else asked(project["project"], arguments)
    )
    print("".join(subset((ROOT / "requirements.lock").read_text("utf-8"), names)), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
