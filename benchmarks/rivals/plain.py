"""(a) The worker that people write: a Faust agent, event by event, models on one row, ``topic.send``.

Fair: it calls the same core as everybody, with batches of one, and keeps its models loaded. Its two forests
are called as scikit-learn documents it (``predict_proba``, ``score_samples``), which gives the same bits; our
way tree by tree is part of what is measured. Its settings are Faust's own but for what Faust warns about (raw
codecs) and what a benchmark cannot have (a web server on a fixed port, topics of Faust's own making). Weaker:
an event is acknowledged when its outputs are enqueued, so a produce error loses it.
"""

from typing import Any

import faust

from benchmarks.rivals import core
from enrich.record import RawRecord


def main() -> None:
    """Run until told to stop."""
    settings, context, models = core.ready()
    work = core.working(context, core.as_documented(models))
    app = faust.App(
        settings.group,
        broker=[f"kafka://{address}" for address in settings.bootstrap],
        key_serializer="raw",
        value_serializer="raw",
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        consumer_auto_offset_reset="earliest",
    )
    raw = app.topic(settings.topic_raw, key_type=bytes, value_type=bytes)
    outputs = {
        route: app.topic(name, key_type=bytes, value_type=bytes)
        for route, name in core.topics(settings).items()
    }

    async def triage(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            record = RawRecord(
                message.topic,
                message.partition,
                message.offset,
                round(message.timestamp * 1000),
                message.key,
                message.value,
                core.headers(message.headers),
            )
            for output in work([record])[0]:
                await outputs[output.route].send(
                    key=output.key, value=output.value, headers=list(output.headers)
                )

    app.agent(raw)(triage)
    faust.Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
