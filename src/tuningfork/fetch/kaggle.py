"""Kaggle: who asks, what it lists, and what its refusals mean."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tuningfork.errors import ServiceFailed
from tuningfork.web import Client
from tuningfork.web.trouble import Refused

LOGIN = (
    "Kaggle gives the data only to those who have an account and accepted the competition's rules: "
    "1. sign in at https://www.kaggle.com; "
    "2. accept the rules at "
    "https://www.kaggle.com/competitions/galaxy-zoo-the-galaxy-challenge/rules; "
    "3. at https://www.kaggle.com/settings, under API, create a legacy API key, which saves "
    "kaggle.json; "
    "4. move that file to ~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and KAGGLE_KEY to what is "
    "in it; then run this command again"
)
RULES = (
    "Kaggle knows this account but does not let it have the data: accept the rules at "
    "https://www.kaggle.com/competitions/galaxy-zoo-the-galaxy-challenge/rules with the same "
    "account, then run this command again"
)
UNKNOWN = (
    "Kaggle does not know this user name and key: create a new key at "
    "https://www.kaggle.com/settings, save it as ~/.kaggle/kaggle.json or in KAGGLE_USERNAME and "
    "KAGGLE_KEY, then run this command again"
)


@dataclass(frozen=True)
class Login:
    """A user's name and key. The key is never shown."""

    username: str
    key: str = field(repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """The header of HTTP's basic authentication (RFC 7617)."""
        pair = base64.b64encode(f"{self.username}:{self.key}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}


def find_login(environment: Mapping[str, str] = os.environ) -> Login:
    """Find the user's name and key where Kaggle's own program looks for them.

    KAGGLE_USERNAME and KAGGLE_KEY come before ``kaggle.json`` in ``$KAGGLE_CONFIG_DIR`` or
    ``~/.kaggle``. Raises ServiceFailed with instructions if there are none.
    """
    name, key = environment.get("KAGGLE_USERNAME", ""), environment.get("KAGGLE_KEY", "")
    if name and key:
        return Login(name, key)
    folder = environment.get("KAGGLE_CONFIG_DIR") or "~/.kaggle"
    path = Path(folder).expanduser() / "kaggle.json"
    try:
        found = json.loads(path.read_text("utf-8"))
        name, key = str(found["username"]), str(found["key"])
    except FileNotFoundError:
        raise ServiceFailed(LOGIN) from None
    except (OSError, ValueError, KeyError, TypeError):
        # The cause might show what is in the file.
        raise ServiceFailed(
            f"{path}: no user name and key to be read there; create a new API key at "
            "https://www.kaggle.com/settings and put the kaggle.json it saves in this place"
        ) from None
    if not name or not key:
        raise ServiceFailed(LOGIN)
    return Login(name, key)


def listed_sizes(client: Client, competition: str, login: Login) -> Mapping[str, int]:
    """Ask Kaggle for the size in bytes of each of a competition's files. Raises ServiceFailed."""
    service = client.settings.service("kaggle")
    url = f"{service.url}/competitions/data/list/{competition}"

    def ask() -> bytes:
        with client.stream(service, url, login.headers) as answer:
            return answer.read()

    try:
        body = client.patiently(service, ask)
    except Refused as error:
        raise explained(error) from error
    try:
        answered = json.loads(body)
        rows = answered if isinstance(answered, list) else answered["files"]
        return {str(row["name"]): int(row["totalBytes"]) for row in rows}
    except (ValueError, KeyError, TypeError):
        return {}


def explained(error: Refused) -> ServiceFailed:
    """Say what Kaggle's refusal means and what to do."""
    if error.status == 401:
        return ServiceFailed(UNKNOWN)
    if error.status == 403:
        return ServiceFailed(RULES)
    return error
