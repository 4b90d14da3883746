"""What the core takes for its next batch: context and models in one object. No batch has half of each."""

from dataclasses import replace
from typing import Final, NamedTuple

from enrich.context import PASSTHROUGH_BUNDLE, Context
from enrich.score import Models
from enrich.tables import Tables

UNSCORED: Final = "every event says that it is unscored"


class Promoted(NamedTuple):
    """models: None is passthrough. sequence: of the promotion; 0: none. reason: why it is passthrough."""

    models: Models | None
    sequence: int
    reason: str = ""


class Noted(NamedTuple):
    """The highest promotion that the group is known to have used. sequence 0: none. bundle_id "": unknown."""

    sequence: int = 0
    bundle_id: str = ""


class InForce(NamedTuple):
    """models: those whose bundle the context names; None: passthrough. promotion: its sequence; 0: none."""

    context: Context
    models: Models | None
    promotion: int = 0


class Current:
    """``now`` is read once a batch, by the core's thread, and replaced as a whole, in the event loop alone.

    Each change is made of what is in force at that moment, without an await between: of two that come at the
    same time none is lost.
    """

    def __init__(self, context: Context, models: Models | None = None, promotion: int = 0) -> None:
        self.now = InForce(context, models, promotion)

    def take_tables(self, tables: Tables) -> Context:
        """Use these tables from the next batch on; return the context with them."""
        context = replace(self.now.context, tables=tables)
        return self._take(self.now._replace(context=context))

    def take_models(self, models: Models | None, promotion: int) -> Context:
        """Use these models from the next batch on; return the context that names their bundle."""
        return self._take(InForce(with_models(self.now.context, models), models, promotion))

    def _take(self, new: InForce) -> Context:
        new.context.context_id  # noqa: B018 - worked out here, and not in a batch
        self.now = new
        return new.context


def with_models(context: Context, models: Models | None) -> Context:
    """Return the context with what these models say of themselves."""
    if models is None:
        return replace(context, bundle_id=PASSTHROUGH_BUNDLE, bootstrap=False)
    return replace(context, bundle_id=models.bundle_id, bootstrap=models.bootstrap)
