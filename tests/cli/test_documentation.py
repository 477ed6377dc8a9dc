from __future__ import annotations

from pathlib import Path

import typer

from aggregator.cli import app

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")


def test_every_command_and_every_option_has_its_place_in_the_documentation() -> None:
    group = typer.main.get_command(app)
    context = typer.Context(group)
    missing = []
    for name in group.list_commands(context):  # type: ignore[attr-defined]
        command = group.get_command(context, name)  # type: ignore[attr-defined]
        section = PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        options = [
            word
            for option in command.params
            if not option.hidden
            for word in option.opts
            if word.startswith("-")
        ]
        missing += [
            f"{name} {word}"
            for word in options
            if f"`{word}" not in section and word not in ("-h", "--help")
        ]
        missing += [] if section else [name]

    assert missing == []
