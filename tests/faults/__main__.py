"""``python -m tests.faults``: do harm to the line, count at the far end, write the ledger.

    python -m tests.faults                                   all faults, 4 runs of 25,000 alerts each
    python -m tests.faults --fault kill --runs 1 --alerts 6000 --out /tmp/ledger.md

Exit code: 0, or 1 if anything was lost, contradicts its twin, or did not come to an end.
"""

import argparse
import logging
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import orjson
from rich.console import Console

from tests.broker.installation import ROOT
from tests.faults import ledger
from tests.faults.cluster import Cluster
from tests.faults.faults import BY_NAME, CONTROL, FAULTS, Fault
from tests.faults.trial import Outcome, run

RUNS: Final = 4
ALERTS: Final = 25_000
RATE: Final = 1_000
ROWS: Final = 3_000  # that the bundle is trained on: it is the line that is tried, not the models


def main(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    console = Console(stderr=True, markup=False, highlight=False)
    faults = [BY_NAME[name] for name in given.fault] if given.fault else list(FAULTS)
    home = Path(tempfile.mkdtemp(prefix="millrace-faults-"))
    outcomes: list[Outcome] = []
    broken: list[str] = []
    began = time.monotonic()
    console.print(
        f"{len(faults)} faults, {given.runs} runs each of {given.alerts:,} alerts at {given.rate:g}/s"
    )
    console.print(f"data and logs: {home}")
    state = trained(home / "state")
    cluster = Cluster(home / "kafka")
    try:
        cluster.start()
        console.print(f"three brokers are up ({time.monotonic() - began:.0f} s)")
        control = ""
        if given.control:
            control = controlled(_one(console, cluster, CONTROL, given, 0, state, home))
            console.print(f"control: {control}")
        for fault in faults:
            for number in range(given.runs):
                try:
                    outcomes.append(_one(console, cluster, fault, given, number, state, home))
                except Exception as error:  # noqa: BLE001 - an hour's other runs are not lost with it
                    broken.append(fault.name)
                    text = f"{type(error).__name__}: {error}"
                    console.print(f"BAD {fault.name} seed {given.seed + number}: no count: {text}")
                    cluster.restore()
                    cluster.settle()
            if given.out:
                made = ledger.Made(_command(given), ledger.today(), control)
                ledger.write(given.out, outcomes, broken, made)
            if given.json:
                given.json.write_bytes(
                    orjson.dumps([each.document() for each in outcomes], option=orjson.OPT_INDENT_2 | KEYS)
                )
    finally:
        cluster.close()
    bad = [outcome for outcome in outcomes if not good(outcome)]
    lost = sum(len(each.count.lost) + len(each.count.missing_escalated) for each in outcomes)
    alerts = sum(each.count.alerts for each in outcomes)
    seconds = time.monotonic() - began
    console.print(
        f"{len(outcomes)} runs, {alerts:,} alerts, {lost:,} lost, {len(bad)} runs not clean; {seconds:,.0f} s"
    )
    for outcome in bad:
        console.print(f"  {outcome.fault} seed {outcome.seed}: {told(outcome)}")
    if broken:
        console.print(f"  without a count: {', '.join(broken)}")
    if bad or broken:
        console.print(f"logs of what was not clean: {home}")
        shutil.rmtree(home / "kafka", ignore_errors=True)
    else:
        shutil.rmtree(home, ignore_errors=True)
    return 1 if bad or broken else 0


KEYS: Final = orjson.OPT_NON_STR_KEYS


def good(outcome: Outcome) -> bool:
    """Whether nothing is to be told of it."""
    return outcome.count.clean and not outcome.trouble


def controlled(outcome: Outcome) -> str:
    """Return what the harness saw of what a worker did wrong on purpose. AssertionError: not all of it."""
    lost, altered = set(outcome.count.lost), set(outcome.count.disturbed) - set(outcome.count.lost)
    seen = f"{len(lost)} lost and {len(altered)} altered"
    assert lost and altered and len(lost) + len(altered) == CONTROL.marks, f"the harness is blind: {seen}"  # noqa: PT018
    return f"of {CONTROL.marks} alerts that a worker dropped or altered on purpose, it counted {seen}"


def told(outcome: Outcome) -> str:
    """Return one line of figures."""
    count = outcome.count
    figures = {
        "alerts": count.alerts,
        "lost": len(count.lost),
        "escalated lost": len(count.missing_escalated),
        "vanished": len(count.vanished),
        "strangers": count.strangers,
        "duplicates": count.duplicates,
        "differing": len(count.differing),
        "other context": count.contexts,
        "not as undisturbed": len(count.disturbed),
        "order breaks": len(count.order),
    }
    always = ("alerts", "lost", "duplicates", "differing", "not as undisturbed", "order breaks")
    text = ", ".join(f"{n:,} {name}" for name, n in figures.items() if n or name in always)
    seconds = f", first event after {max(outcome.recovery_s):.1f} s at most" if outcome.recovery_s else ""
    ends = f", restarts {outcome.restarts} {dict(outcome.ended) or ''}".rstrip()
    unclean = f", ended unclean {dict(outcome.unclean)}" if outcome.unclean else ""
    trouble = f"; {outcome.trouble}" if outcome.trouble else ""
    return f"{text}{seconds}{ends}{unclean}{trouble}"


def _one(
    console: Console,
    cluster: Cluster,
    fault: Fault,
    given: argparse.Namespace,
    number: int,
    state: Path,
    home: Path,
) -> Outcome:
    seed = given.seed + number
    name = f"{fault.name} {number + 1}/{given.runs} (seed {seed})"
    began = time.monotonic()
    with console.status(name) as status:

        def say(stage: str) -> None:
            if given.stages:
                console.print(f"   {time.monotonic() - began:5.1f} s  {stage}")
            elif console.is_terminal:
                status.update(f"{name}: {stage}")

        outcome = run(
            cluster,
            fault,
            seed=seed,
            alerts=given.alerts,
            rate=given.rate,
            state=state,
            home=home / f"{fault.name}-{seed}",
            say=say,
        )
    mark = "ok " if good(outcome) or fault is CONTROL else "BAD"
    harm = f"harm {outcome.times} times"
    console.print(f"{mark} {name}: {harm}, {told(outcome)}; {outcome.seconds:.0f} s", soft_wrap=True)
    return outcome


def trained(state: Path) -> Path:
    """Return a state directory with a bundle."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "MILLRACE_STATE": str(state)}
    command = [sys.executable, "-m", "millrace", "train", "--bootstrap", "--rows", str(ROWS)]
    subprocess.run(command, cwd=state.parent, env=env, check=True, capture_output=True)
    return state


def _command(given: argparse.Namespace) -> str:
    # Without --out and --json: they are paths of this machine.
    chosen = [word for name in given.fault or () for word in ("--fault", name)]
    sizes = {"--runs": given.runs, "--alerts": given.alerts, "--rate": given.rate, "--seed": given.seed}
    numbers = [word for name, value in sizes.items() for word in (name, f"{value:g}")]
    return shlex.join(["python", "-m", "tests.faults", *chosen, *numbers])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--fault", action="append", choices=sorted(BY_NAME), help="only this one; may be given several times"
    )
    parser.add_argument("--runs", type=int, default=RUNS, help="of each fault (default: %(default)s)")
    parser.add_argument("--alerts", type=int, default=ALERTS, help="in each run (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=RATE, help="alerts a second (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the next ones count up")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs" / "fault-ledger.md", help="the page (default: %(default)s)"
    )
    parser.add_argument(
        "--no-control", dest="control", action="store_false", help="do not try the harness itself first"
    )
    parser.add_argument("--stages", action="store_true", help="print when each stage of a run began")
    parser.add_argument("--json", type=Path, help="write every run's figures here, too")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
