"""A time-boxed search for a better candidate: strengths and weights beside those of the table.

It tries on the same rounds of validation as the table's candidates, and its best stands among them; what the
test rows say is never looked at. How many trials fit into the time hangs on the machine, so a searched bundle
can be made again by its parameters in the manifest, and not by the seed alone.
"""

from collections.abc import Callable
from typing import Any, Final

from training import severity
from training.candidates import LINES, Candidate
from training.rounds import Labelled

# A trial costs seconds; with fewer a search has seen nothing.
TRIALS_MIN: Final = 3


def searched(
    rows: Labelled, others: Labelled | None, seed: int, seconds: float, tell: Callable[[int], None]
) -> tuple[Candidate, ...]:
    """Return the best candidate of a search of so many seconds; none where there is no time.

    tell: told how many trials are done. Raises ModuleNotFoundError without the extra ``search``.
    """
    if seconds <= 0:
        return ()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    found: dict[int, Candidate] = {}

    def objective(trial: Any) -> float:
        candidate = _candidate(trial, others is not None)
        found[trial.number] = candidate
        worth = severity.choose(rows, others, seed, (candidate,)).best.worth
        tell(trial.number + 1)
        return worth

    study.optimize(objective, timeout=seconds, n_trials=None)
    if len(study.trials) < TRIALS_MIN:
        study.optimize(objective, n_trials=TRIALS_MIN - len(study.trials))
    return (found[study.best_trial.number],)


def _candidate(trial: Any, others: bool) -> Candidate:
    reads = tuple(
        each._replace(weight=round(trial.suggest_float(f"line {each.line}", 0.1, 2.0, log=True), 3))
        for each in LINES
    )
    strength = round(trial.suggest_float("strength", 0.3, 30.0, log=True), 3)
    weight = round(trial.suggest_float("others", 0.0, 1.0), 3) if others else 0.0
    weights = ", ".join(f"{each.weight:g}" for each in reads)
    name = f"searched: logistic regression, C {strength:g}, lines {weights}, others {weight:g}"
    return Candidate(name, "logistic", reads, strength=strength, others=weight)
