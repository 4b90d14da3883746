"""The undisturbed run: the raw topic from its start through the core, in one process, nothing produced.

``python -m tests.faults.reference KIND OUT`` with the workers' environment writes to OUT a line with the
context, and then one line per record: role, partition, offset, digest. KIND is one of ``marked.KINDS``, whose
marked alerts are then dead as poison or left unscored, as a worker must do it, or ``sound``.
"""

import sys
from pathlib import Path

import orjson
from threadpoolctl import threadpool_limits

from enrich.pipeline import States
from tests.faults.far_end import digest
from tests.faults.marked import POISONOUS, core, marked
from worker import compose, kafka_client
from worker.log import configure
from worker.reader import partitions
from worker.replay import Bound, replay
from worker.run import core as sound_core
from worker.settings import load_settings


def main(kind: str, out: Path) -> None:
    """Write the file."""
    settings = load_settings()
    configure(settings)
    threadpool_limits(1)
    models = compose.models(settings)
    with kafka_client.consumer(settings) as consumer, out.open("wb") as file:
        context = compose.context(settings, len(partitions(consumer, settings.topic_raw)), models)
        file.write(orjson.dumps(context.context_id) + b"\n")
        # A worker is told by its attempts what is poison; here it is known from the start.
        bound = core(kind, context, models) if kind == "raises" else sound_core(context, models)
        states: States = {}
        for records, _ in replay(consumer, settings.topic_raw, Bound(), Bound(), cold=True):
            known = [each._replace(poison=kind in POISONOUS and marked(each)) for each in records]
            batch = bound(known, states)
            for record, made in zip(known, batch.outputs, strict=True):
                for each in made:
                    value = digest(each.key, each.value, each.headers)
                    file.write(orjson.dumps([each.route, record.partition, record.offset, value]) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
