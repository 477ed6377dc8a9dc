"""The options that every command has, wherever they stand: `aggregator -c FILE fetch` and `aggregator fetch -c FILE`.

Rule: what stands after the command wins over what stands before it, and both over the environment.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

from typer.core import TyperGroup

from aggregator.cli.context import invocation_of

_EVERYWHERE = ("config", "verbose", "quiet")


class Commands(TyperGroup):
    """The group of all commands; each also takes the group's own options."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is None:
            return None
        if any(option.name in _EVERYWHERE for option in command.params):
            return command

        for option in self.params:
            if option.name in _EVERYWHERE:
                command.params.append(_late(option))
        return command

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (interface)
        return list(self.commands)  # in the order of the documentation


def _late(option: Any) -> Any:
    late = copy(option)
    late.expose_value, late.callback, late.envvar, late.hidden = False, _take, None, True
    return late


def _take(ctx: Any, option: Any, value: Any) -> None:
    if value and option.name == "config":
        ctx.obj = replace(invocation_of(ctx), path=value, explicit=True)
    elif value:
        chosen: dict[str, Any] = {option.name: True}
        ctx.obj = replace(invocation_of(ctx), **chosen)
