"""What the benchmark ran on, and how busy that was before it began."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil

from worker.broker.jars import pinned

LOOK_S: Final = 1.0
LIBRARIES: Final = ("faust-streaming", "aiokafka", "confluent-kafka", "scikit-learn", "numpy", "orjson")


def machine() -> dict[str, str]:
    """Return facts as text, in the order in which they are told."""
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    cores = os.cpu_count() or 1
    return {
        "cores": f"{cores} ({_model()}), shared by broker, sender, reader and worker; none is pinned by us",
        "before": f"{psutil.cpu_percent(LOOK_S):.0f} % busy with other work; load {load} (1, 5, 15 minutes)",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "kafka": f"Apache Kafka {_kafka()}, one embedded broker, one replica",
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    }


def _kafka() -> str:
    found = (jar.coordinates.split(":") for jar in pinned())
    return next((version for _, artifact, version in found if artifact.startswith("kafka_")), "unknown")


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
