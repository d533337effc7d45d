"""Rate limits, counted in the game's database so that several servers count together."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import resources
from random import Random
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from flask_limiter import Limiter, RequestLimit
from limits.storage import Storage
from sqlalchemy import BindParameter, Executable, bindparam, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from tuningfork.game.schema import Allowance, Moment, now
from tuningfork.game.store import Store

SWEEP = 0.001  # the share of counts that clear away what has expired
IPV6_NETWORK = 64  # bits: what a provider gives to one household


def limit_rates(app: Flask, store: Store) -> None:
    """Limit the endpoints named in ``limits.toml``; what is too much is answered with 429.

    Network addresses are kept only as codes that the game's secret makes, and only as long as
    the window lasts.
    """
    limiter = Limiter(
        _address,
        app=app,
        storage_uri=f"{Counts.STORAGE_SCHEME[0]}://",
        storage_options={"store": store},  # type: ignore[dict-item]
        strategy="fixed-window",
        on_breach=_note_wait,
    )
    app.after_request(_tell_wait)
    keys: dict[str, Callable[[], str]] = {"player": _player, "address": _address}
    text = (resources.files("tuningfork.game") / "limits.toml").read_text(encoding="utf-8")
    for one in tomllib.loads(text)["limit"]:
        endpoint = one["endpoint"]
        limit = limiter.limit(one["often"], key_func=keys[one["by"]], methods=["POST"])
        app.view_functions[endpoint] = limit(app.view_functions[endpoint])  # type: ignore[assignment]


def _note_wait(limit: RequestLimit) -> None:
    g.wait = max(1, limit.reset_at - 1 - int(now().timestamp()))


def _tell_wait(response: Response) -> Response:
    if "wait" in g:
        response.headers["Retry-After"] = str(g.wait)
    return response


def _player() -> str:
    """Tell players apart by their cookie; who has none yet, by the address."""
    return str(session.get("player") or _address())


def _address() -> str:
    told = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return "unknown"
    if address.version == 6:
        told = str(ipaddress.ip_network((address, IPV6_NETWORK), strict=False))
    return hmac.new(_secret(), told.encode(), hashlib.sha256).hexdigest()[:32]


def _secret() -> bytes:
    return str(current_app.secret_key).encode()


class Counts(Storage):
    """Counters of fixed windows in the table of allowances."""

    STORAGE_SCHEME = ["tuningfork"]  # noqa: RUF012  (the base class's own form)

    def __init__(self, uri: str, store: Store, **options: Any) -> None:  # noqa: ANN401
        super().__init__(uri, **options)
        self._store = store
        with store.reading() as database:
            self._count = _counting(database.get_bind().dialect.name)
        self._chance = Random()  # noqa: S311  (when to sweep is no secret)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a broken database raises."""
        return DBAPIError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add ``amount`` to the counter, which begins anew ``expiry`` seconds after its first."""
        moment = now()
        ends = moment + timedelta(seconds=expiry)
        with self._store.passing() as database:
            counted = database.execute(
                self._count, {"name": key, "amount": amount, "moment": moment, "ends": ends}
            ).scalar_one()
            if self._chance.random() < SWEEP:
                database.execute(delete(Allowance).where(Allowance.expires <= moment))
        return int(counted)

    def get(self, key: str) -> int:
        """Give the counter, 0 if it has expired or was never there."""
        found = self._find(key)
        return 0 if found is None else found.count

    def get_expiry(self, key: str) -> float:
        """Give the end of the counter's window, in seconds since 1970."""
        found = self._find(key)
        return (datetime.now(UTC) if found is None else found.expires).timestamp()

    def check(self) -> bool:
        """Whether the database answers."""
        try:
            self._store.check()
        except DBAPIError:
            return False
        return True

    def reset(self) -> int:
        """Forget every counter; give how many there were."""
        with self._store.passing() as database:
            return len(database.scalars(delete(Allowance).returning(Allowance.key)).all())

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with self._store.passing() as database:
            database.execute(delete(Allowance).where(Allowance.key == key))

    def _find(self, key: str) -> Allowance | None:
        with self._store.reading() as database:
            wanted = select(Allowance).where(Allowance.key == key, Allowance.expires > now())
            return database.scalar(wanted)


def _counting(dialect: str) -> Executable:
    """Write the one statement that counts: a new counter, or one more, or one that begins anew."""
    kind = postgresql if dialect == "postgresql" else sqlite
    amount: BindParameter[int] = bindparam("amount")
    ends = bindparam("ends", type_=Moment())
    table = Allowance.__table__  # without the mapper's work, which costs more than the counting
    over = Allowance.expires <= bindparam("moment", type_=Moment())
    counted: Executable = (
        kind.insert(table)
        .values(key=bindparam("name"), count=amount, expires=ends)
        .on_conflict_do_update(
            index_elements=[Allowance.key],
            set_={
                "count": case((over, amount), else_=Allowance.count + amount),
                "expires": case((over, ends), else_=Allowance.expires),
            },
        )
        .returning(table.c.count)
    )
    return counted
