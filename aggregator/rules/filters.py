"""Pipes: the small steps after a selector (`| after: "："`, `| regex: …`), each from one text to another or to None.

Rule: a pipe is data and total; what a pattern may cost is bounded by the length of what it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aggregator.config.regex import compiled, is_anchored, required
from aggregator.rules.json_path import loads, walk

if TYPE_CHECKING:
    import re

Pipe = Callable[[str], str | None]
MAX_REGEX_INPUT = 20_000  # characters; bounds what a slow pattern can cost


def compile_pipe(text: str) -> Pipe:
    """Compile `name: argument`. Raises ValueError with a message for the person who wrote it."""
    name, _, argument = text.partition(":")
    argument = _unquoted(argument.strip())
    if not argument:
        raise ValueError(f"the pipe `{name}` needs an argument")
    return PIPES[name](argument)


def _after(argument: str) -> Pipe:
    return lambda value: value.partition(argument)[2].strip() if argument in value else value


def _before(argument: str) -> Pipe:
    return lambda value: value.partition(argument)[0].strip()


def _regex_pipe(argument: str) -> Pipe:
    pattern, needles = compile_regex(argument), required(argument)
    search = pattern.match if is_anchored(argument) else pattern.search

    def apply(value: str) -> str | None:
        if needles and not any(needle in value for needle in needles):
            return None
        match = search(value[:MAX_REGEX_INPUT])
        return group(match).strip() if match else None

    return apply


def _json_pipe(argument: str) -> Pipe:
    return lambda value: next(walk(loads(value), argument), None)


def _prefix(argument: str) -> Pipe:
    return lambda value: argument + value


PIPES: dict[str, Callable[[str], Pipe]] = {
    "after": _after,
    "before": _before,
    "regex": _regex_pipe,
    "json": _json_pipe,
    "prefix": _prefix,
}


def through(pipes: tuple[Pipe, ...], value: str) -> str | None:
    """Send a value through pipes, in order; None where one of them finds nothing."""
    result: str | None = value
    for pipe in pipes:
        if result is None:
            return None
        result = pipe(result)
    return result


def compile_regex(pattern: str) -> re.Pattern[str]:
    """Compile a pattern. Raises ValueError with a message for the person who wrote it."""
    try:
        return compiled(pattern)
    except ValueError as e:
        raise ValueError(f"regular expression: {e}") from e


def group(match: re.Match[str]) -> str:
    """Group 1 of a match, the whole match where the pattern has no groups."""
    return (match[1] if match.re.groups else match[0]) or ""


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
