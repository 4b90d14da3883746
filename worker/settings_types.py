"""The kinds of value that settings have, each with the words for a wrong one."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from enrich.address import Networks
from enrich.errors import SettingsWrong


def _split(value: Any) -> Any:
    # Environment and .env hold text: "a, b". TOML holds a list.
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _address(text: str) -> str:
    if not re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):\d{1,5}", text):
        raise ValueError(f"{text!r} is not host:port")
    if not 0 < int(text.rpartition(":")[2]) < 65_536:
        raise ValueError(f"{text!r}: ports are 1 to 65535")
    return text


def _zone(name: str) -> str:
    try:
        if name in ("localtime", "posixrules"):  # another zone on each machine
            raise ValueError
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("no such IANA time zone, as in Europe/Vienna") from None
    return name


def _networks(cidrs: Sequence[str]) -> tuple[str, ...]:
    try:
        return Networks.of(cidrs).cidrs
    except SettingsWrong as error:
        raise ValueError(str(error).removeprefix("networks: ")) from None


def _home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:  # ~nobody
        raise ValueError(str(error)) from None


def _named_file(text: str) -> str:
    name, equals, path = text.partition("=")
    name, path = name.strip(), path.strip()
    if not equals or not path or not re.fullmatch(r"[a-zA-Z0-9._-]{1,64}", name):
        raise ValueError(f"{text!r} is not name=path, with a name of letters, digits, '.', '_' and '-'")
    return f"{name}={_home(Path(path))}"


# What Kafka accepts as the name of a topic or a group.
KafkaName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$")]
Address = Annotated[str, AfterValidator(_address)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
File = Annotated[Path, AfterValidator(_home)]
NamedFile = Annotated[str, AfterValidator(_named_file)]
Zone = Annotated[str, AfterValidator(_zone)]
Cidrs = Annotated[tuple[str, ...], AfterValidator(_networks)]
Listed = BeforeValidator(_split)
