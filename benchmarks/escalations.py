"""What the analyst would get, with and without the model's lower view: `python -m benchmarks.escalations`.

Generated alerts of two days, the packaged weights, three thresholds, repeats suppressed for an hour.
Needs a bundle (`millrace train --bootstrap`).
"""

from dataclasses import replace

import enrich.priority
from enrich.pipeline import PartitionState, process
from enrich.policy import Policy
from enrich.record import RawRecord
from training.generate import Parameters, Sample, samples
from worker import compose
from worker.settings import load_settings

COUNT = 3_000


def main() -> None:
    """Print one line per seed, rule and threshold."""
    settings, packaged = load_settings(), enrich.priority.LOWERING
    models = compose.models(settings)
    context = compose.context(settings, 1, models)
    print("| seed | model's lower view | threshold | escalated | of them truly low | attack stories found |")
    print("|---|---|---|---|---|---|")
    for seed in (7, 8, 9):
        alerts = list(samples(Parameters(seed=seed, count=COUNT, days=2)))
        records = [RawRecord("bench", 0, i, None, None, alert.line) for i, alert in enumerate(alerts)]
        stories = {alert.story for alert in alerts if alert.story}
        for lowering, told in ((packaged, "counts half"), (0.0, "does not count")):
            for threshold in (60, 65, 70):
                policy = Policy.parse(
                    {"version": 1, "escalate": {"threshold": threshold}, "suppress": [{"minutes": 60}]}
                )
                states: dict[int, PartitionState] = {}
                enrich.priority.LOWERING = lowering
                ruled = replace(context, policy=policy)
                outputs = [
                    output
                    for i in range(0, COUNT, 1_000)
                    for output in process(records[i : i + 1_000], states, ruled, models).outputs
                ]
                seen: list[Sample] = [a for a, out in zip(alerts, outputs, strict=True) if len(out) > 1]
                low = sum(alert.severity <= 2 for alert in seen)
                found = len({alert.story for alert in seen if alert.story})
                print(f"| {seed} | {told} | {threshold} | {len(seen)} | {low} | {found} of {len(stories)} |")


if __name__ == "__main__":
    main()
