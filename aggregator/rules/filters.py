"""Pipes, the filters after a selector (`| after: "："`, `| regex: …`): each turns a text into another.

A pipe returns None if it finds nothing, and never raises. The length of its input bounds what a
pattern can cost.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from aggregator.config.regex import compile_pattern, is_anchored, required_texts
from aggregator.rules.json_path import find_strings, load_json

Pipe = Callable[[str], str | None]
MAX_REGEX_CHARACTERS = 20_000  # characters; bounds what a slow pattern can cost


def compile_pipe(text: str) -> Pipe:
    """Compile `name: argument`. Raises ValueError with a message for the person who wrote it."""
    name, _, argument = text.partition(":")
    argument = _strip_quotes(argument.strip())
    if not argument:
        raise ValueError(f"the pipe `{name}` needs an argument")
    return PIPES[name](argument)


def _after(argument: str) -> Pipe:
    def apply(value: str) -> str:
        if argument not in value:
            return value
        return value.partition(argument)[2].strip()

    return apply


def _before(argument: str) -> Pipe:
    return lambda value: value.partition(argument)[0].strip()


def _regex_pipe(argument: str) -> Pipe:
    pattern = compile_regex(argument)
    needles = required_texts(argument)
    search = pattern.match if is_anchored(argument) else pattern.search

    def apply(value: str) -> str | None:
        # Texts without what every match contains are skipped before the slower search.
        if needles and not any(needle in value for needle in needles):
            return None
        match = search(value[:MAX_REGEX_CHARACTERS])
        if match is None:
            return None
        return match_text(match).strip()

    return apply


def _json_pipe(argument: str) -> Pipe:
    return lambda value: next(find_strings(load_json(value), argument), None)


def _prefix(argument: str) -> Pipe:
    return lambda value: argument + value


PIPES: dict[str, Callable[[str], Pipe]] = {
    "after": _after,
    "before": _before,
    "regex": _regex_pipe,
    "json": _json_pipe,
    "prefix": _prefix,
}
# Where a pipe begins in the text of a selector.
PIPE_START = re.compile(rf"\s\|\s(?=(?:{'|'.join(PIPES)}):)")


def apply_pipes(pipes: tuple[Pipe, ...], value: str) -> str | None:
    """Send a value through pipes, in order; None if one of them finds nothing."""
    result: str | None = value
    for pipe in pipes:
        if result is None:
            return None
        result = pipe(result)
    return result


def compile_regex(pattern: str) -> re.Pattern[str]:
    """Compile a pattern. Raises ValueError with a message for the person who wrote it."""
    try:
        return compile_pattern(pattern)
    except ValueError as e:
        raise ValueError(f"regular expression: {e}") from e


def match_text(match: re.Match[str]) -> str:
    """Return group 1 of a match, the whole match if the pattern has no groups."""
    if match.re.groups:
        return match[1] or ""
    return match[0]


def _strip_quotes(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text
