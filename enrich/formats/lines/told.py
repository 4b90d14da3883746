"""What a dialect says of a message whose layout it knows: named tokens, and the rule."""

from typing import Final, NamedTuple

# Kind of a message that is no alert: the line is refused.
NO_ALERT: Final = "no alert"


class Told(NamedTuple):
    """kind: of the layout, a key of ``products``. pairs: tokens by name, the names of ``keys`` where known.

    rule_id, title: of the rule; None where the pairs say them.
    """

    kind: str
    pairs: dict[str, str]
    rule_id: str | None = None
    title: str | None = None


REFUSED: Final = Told(NO_ALERT, {})
