"""Coverage-guided fuzzing: any bytes give an Alert or a dead letter, and the event of it can be written.

Each format begins with its own golden samples and the words that stand in them; atheris keeps what reaches
new branches of ``enrich``. Nothing is written but what fails, into ``--findings``.
"""

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

SECONDS: Final = 60
LONGEST: Final = 8_192


def main() -> int:
    """Fuzz the formats one after the other, each in its own process. Exit code 1: something was found."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("formats", nargs="*", help="which (default: all, and bytes that begin with nothing)")
    options.add_argument(
        "--seconds", type=int, default=SECONDS, help="for each format (default: %(default)s)"
    )
    options.add_argument("--findings", type=Path, default=Path(), help="where what fails is written")
    given = options.parse_args()
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not installed: it has wheels for Linux on x86-64 (make test installs it there)")
        return 2
    from tests.fuzz.seeds import seeds

    found = seeds()
    unknown = [name for name in given.formats if name not in found]
    if unknown:
        print(f"no samples of {unknown[0]}; there are: {', '.join(found)}")
        return 2
    failed = []
    given.findings.mkdir(parents=True, exist_ok=True)
    for name in given.formats or found:
        with tempfile.TemporaryDirectory(prefix="millrace-fuzz-") as corpus:
            words = Path(corpus) / "words"
            start = Path(corpus) / "start"
            start.mkdir()
            for number, value in enumerate(found[name]):
                (start / str(number)).write_bytes(value)
            known = _words(found[name]) or _words([each for values in found.values() for each in values])
            words.write_text("".join(f'"{word}"\n' for word in known), "ascii")
            code = os.spawnv(  # noqa: S606 - our own interpreter and module
                os.P_WAIT,
                sys.executable,
                [
                    sys.executable,
                    "-m",
                    "tests.fuzz.target",
                    str(start),
                    f"-dict={words}",
                    f"-max_total_time={given.seconds}",
                    f"-max_len={LONGEST}",
                    f"-artifact_prefix={given.findings}/{name.replace(':', '-')}-",
                    "-timeout=5",
                    "-print_final_stats=1",
                    "-verbosity=0",
                ],
            )
        print(f"{name}: {'nothing found' if code == 0 else f'FAILED (exit code {code})'}", flush=True)
        if code:
            failed.append(name)
    return 1 if failed else 0


def _words(values: list[bytes]) -> list[str]:
    """Return the keys and short texts of samples, as libFuzzer's dictionary writes them."""
    found: dict[str, None] = {}
    for value in values:
        for word in re.findall(rb"[A-Za-z0-9_.:@#%/\\ -]{2,40}", value):
            found[word.decode().replace("\\", "\\\\")] = None
    return list(found)[:2_000]


if __name__ == "__main__":
    sys.exit(main())
