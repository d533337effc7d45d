"""Where services live and how politely they are asked: defaults, a settings file, variables."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from tuningfork.errors import BadRule, UnknownName

PREFIX = "TUNINGFORK_"
"""Of environment variables: TUNINGFORK_SETTINGS, TUNINGFORK_CACHE, TUNINGFORK_RECORDS, and
TUNINGFORK_<SERVICE>_<FIELD> such as TUNINGFORK_SDSS_URL."""

_NUMBERS = ("rate", "timeout", "attempts", "pause")


@dataclass(frozen=True)
class Service:
    """One service. See ``services.toml`` for what each field means."""

    name: str
    title: str
    url: str
    """Without a slash at its end."""
    rate: float
    timeout: float
    attempts: int
    pause: float

    @property
    def host(self) -> str:
        """Host and port, which share a rate and a circuit breaker."""
        return urlsplit(self.url).netloc


@dataclass(frozen=True)
class Settings:
    """Everything about the internet that a user may set."""

    services: Mapping[str, Service]
    cache: Path
    """Folder of answers that need not be asked for again."""
    records: Path
    """Folder of what was first seen of files whose source publishes no hash."""

    def service(self, name: str) -> Service:
        """Give the service of that name. Raises UnknownName."""
        if name not in self.services:
            raise UnknownName(f"{name}: no such service; choose from {', '.join(self.services)}")
        return self.services[name]


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings: defaults, over them the settings file, over it the environment.

    The file is ``$TUNINGFORK_SETTINGS``, or ``settings.toml`` in the user's configuration folder
    if there is one. Raises BadRule naming the setting that cannot be.
    """
    values = tomllib.loads(files("tuningfork.web").joinpath("services.toml").read_text("utf-8"))
    stated = _settings_file(environment)
    known = {"services", "cache", "records"}
    _require(set(stated) <= known, "settings file", f"has only {', '.join(sorted(known))}")
    services: dict[str, dict[str, Any]] = values["services"]
    for name, fields in _table(stated.get("services", {}), "services").items():
        if name not in services:
            raise UnknownName(f"setting services.{name}: choose from {', '.join(services)}")
        changed = _table(fields, f"services.{name}")
        for field in changed:
            _require(field in services[name], f"services.{name}.{field}", "is not a known setting")
        services[name] |= changed
    for name, fields in services.items():
        for field in fields:
            variable = f"{PREFIX}{name}_{field}".upper()
            if environment.get(variable):
                fields[field] = environment[variable]
    cache = environment.get(f"{PREFIX}CACHE") or stated.get("cache")
    records = environment.get(f"{PREFIX}RECORDS") or stated.get("records")
    return Settings(
        {name: _service(name, fields) for name, fields in services.items()},
        _folder(cache, "cache") or platformdirs.user_cache_path("tuningfork"),
        _folder(records, "records") or platformdirs.user_data_path("tuningfork"),
    )


def _settings_file(environment: Mapping[str, str]) -> dict[str, Any]:
    named = environment.get(f"{PREFIX}SETTINGS")
    path = Path(named) if named else platformdirs.user_config_path("tuningfork") / "settings.toml"
    if not named and not os.path.isfile(path):  # noqa: PTH113  (false too where one may not look)
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadRule(f"{path}: {error.strerror}; mend TUNINGFORK_SETTINGS") from error
    except ValueError as error:
        raise BadRule(f"{path}: not TOML ({error}); mend the settings file") from error


def _service(name: str, fields: Mapping[str, Any]) -> Service:
    url = fields["url"]
    _require(isinstance(url, str), f"{name}.url", "must be a text")
    _require(
        urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname),
        f"{name}.url",
        f"must be an address such as https://example.org, not {url!r}",
    )
    numbers = {field: _number(f"{name}.{field}", fields[field]) for field in _NUMBERS}
    return Service(
        name,
        str(fields["title"]),
        url.rstrip("/"),
        rate=numbers["rate"],
        timeout=numbers["timeout"],
        attempts=max(1, int(numbers["attempts"])),
        pause=numbers["pause"],
    )


def _number(where: str, value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    _require(0 < number < math.inf, where, f"must be a number above 0, not {value!r}")
    return number


def _folder(value: object, where: str) -> Path | None:
    if value is None:
        return None
    _require(isinstance(value, str) and bool(value), where, "must be the path of a folder")
    return Path(str(value)).expanduser()


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unfit(where, "must be a table")
    return value


def _require(held: bool, where: str, wanted: str) -> None:
    if not held:
        raise _unfit(where, wanted)


def _unfit(where: str, wanted: str) -> BadRule:
    return BadRule(f"setting {where} {wanted}; mend the settings file or the variable")
