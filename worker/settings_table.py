"""The table of settings in docs/settings.md: ``python -m worker.settings_table`` prints it."""

from typing import Any, Final

from worker.settings import Settings
from worker.settings_files import PREFIX

_DERIVED: Final = {
    "state": "`millrace` in the user's state directory (XDG)",
    "bundle_dir": "`bundles` in the state directory",
    "trust_dir": "`trust` in the state directory",
}


def table() -> str:
    """Return the Markdown table, one line per setting, in the order of ``Settings``."""
    lines = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `{PREFIX}{name.upper()}` | {_default(name, field)} | {field.description} |")
    return "\n".join(lines)


def _default(name: str, field: Any) -> str:
    if name in _DERIVED:
        return _DERIVED[name]
    value = field.default
    if value is None or value == ():
        return "–"
    return f"`{','.join(value) if isinstance(value, tuple) else value}`"


if __name__ == "__main__":
    print(table())
