"""What the README shows is what the command does."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from tuningfork.cli import app
from tuningfork.model.session import load_model, model_names

ROOT = Path(__file__).resolve().parents[1]
VERBS = sorted(
    str(command.name or getattr(command.callback, "__name__", ""))
    for command in app.registered_commands
) + sorted(str(group.name) for group in app.registered_groups)


def _shown_commands(page: str = "README.md") -> list[list[str]]:
    lines = re.findall(r"^\s*(?:\$ )?(tuningfork [^#\n]*)", (ROOT / page).read_text(), re.M)
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_documented(verb: str) -> None:
    """Each verb has an example in the README, and help with an example of its own."""
    assert any(command[1] == verb for command in _shown_commands())
    shown = CliRunner().invoke(app, [verb, "--help"], terminal_width=100)
    assert shown.exit_code == 0
    assert f"tuningfork {verb}" in shown.stdout


@pytest.mark.parametrize("page", ["README.md", "docs/scale.md", "docs/catalogues.md"])
def test_every_documented_command_exists(page: str) -> None:
    """Verbs and options in the README and of the pages on large work are real ones."""
    group = typer.main.get_command(app)
    commands = group.commands  # type: ignore[attr-defined]
    for words in _shown_commands(page):
        if words[1].startswith("-"):
            continue
        command = commands[words[1]]
        for word in words[2:]:  # a verb of a verb, such as play export
            command = getattr(command, "commands", {}).get(word, command)
        options = {name for one in command.params for name in one.opts}
        for word in words[2:]:
            if word.startswith("-") and word != "-":
                assert word.split("=")[0] in options | {"--help"}, words


def test_python_examples_in_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python blocks run as they are on a simulated galaxy."""
    from PIL import Image

    from tuningfork.images.simulated import render

    Image.fromarray(render(1, 0).pixels).save(tmp_path / "my_galaxy.jpg")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_pages_measure_the_networks_that_ship() -> None:
    """Figures that belong to other weights are measured again, not passed on."""
    shipped = {name: load_model(name).card.sha256 for name in model_names()}
    (named,) = re.findall(
        r"Network full \(SHA-256 (\w+)…", (ROOT / "docs/heat-maps.md").read_text()
    )
    assert shipped["full"].startswith(named)
    for path in sorted((ROOT / "docs/figures").glob("probe-*.json")):
        probe = json.loads(path.read_bytes())
        assert probe["sha256"] == shipped.get(probe["model"], probe["sha256"]), path.name
