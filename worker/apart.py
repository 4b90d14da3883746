"""A delivery that may hold a record which no core survives: its groups are tried one by one, noted before."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from enrich.pipeline import Batch
from enrich.record import RawRecord, Record
from worker.parcel import Chunk
from worker.round import Round


async def taken_apart(
    one: Round,
    groups: Sequence[list[RawRecord]],
    note: Callable[[Sequence[RawRecord]], Awaitable[bool]],
    score: Callable[[list[RawRecord]], Awaitable[Batch | None]],
    packed: Callable[[Sequence[Record]], Awaitable[list[Chunk]]],
) -> bool:
    """Fill the round: each group after ``await note(group)``, ``note(())`` after the last.

    False: a note said no, or a score was None: the partition is another's, and all of it is left.
    """
    batches: list[Batch] = []
    for group in [*groups, []]:
        if not await note(group):
            return False
        if group:
            batch = await score(group)
            if batch is None:
                return False
            batches.append(batch)
    outputs = [output for batch in batches for output in batch.outputs]
    one.batch = Batch(outputs, sum((batch.counts for batch in batches), Counter()))
    one.chunks = await packed([record for output in outputs for record in output])
    return True
