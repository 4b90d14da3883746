"""Where reports are: ``<reports>/<bundle id>/``, beside the bundles and not in them, for they are not signed.

report.html  report.json  card.md   to read
judged.npz                          what all figures are made of: texts and labels of test and training rows
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from enrich.errors import SettingsWrong
from models.files import Unreadable, file_bytes, locked, replace_file, writing
from training.judged import Judged
from training.reports.card import markdown
from training.reports.kept import judged_of_npz, npz_of
from training.reports.page import html_of
from training.reports.report import Report, json_of, sections_of
from training.reports.sections import Sections

PAGE, NUMBERS, CARD, ROWS = "report.html", "report.json", "card.md", "judged.npz"
FILES: Final = (PAGE, NUMBERS, CARD, ROWS)
# Texts of the team's own alerts and their titles: for whoever runs Millrace, nobody else on the machine.
_MODE: Final = 0o600
_LIMIT: Final = 512 * 1_048_576


def write(directory: Path, report: Report, judged: Sequence[Judged] | None) -> Path:
    """Put the report into the directory, made if missing; return the page's path.

    judged: rows to keep beside it, None: they are there already. Each file is there whole or as it was.
    Raises SettingsWrong: no right to write, disk full.
    """
    with writing(directory):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(directory):
            if judged is not None:
                replace_file(directory / ROWS, npz_of(judged), _MODE)
            replace_file(directory / NUMBERS, json_of(report), _MODE)
            replace_file(directory / CARD, markdown(report).encode(), _MODE)
            replace_file(directory / PAGE, html_of(report), _MODE)
    return directory / PAGE


def read(directory: Path) -> tuple[list[Judged], Sections]:
    """Return what the figures of a report are made of. Raises SettingsWrong in one line."""
    found = []
    for name in (ROWS, NUMBERS):
        try:
            found.append(file_bytes(directory / name, _LIMIT))
        except Unreadable as error:
            raise SettingsWrong(
                f"{directory / name}: {error}: there is no evaluation of this bundle here; train it here, or "
                "evaluate it with --data"
            ) from None
    return judged_of_npz(found[0], directory / ROWS), sections_of(found[1], str(directory / NUMBERS))
