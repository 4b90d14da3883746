"""An alert of which only the fields that hints are made from matter."""

from typing import Any

from enrich.alert import Alert


def alert(title: str = "Something happened", **fields: Any) -> Alert:
    return Alert(
        format="t", vendor="t", product="t", detector="t", time_ms=0, rule_id="1", title=title, **fields
    )
