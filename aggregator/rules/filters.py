"""Pipes, the filters after a selector (`| after: "："`, `| regex: …`): each turns a text into others.

A pipe returns no text if it finds nothing, and never raises. The length of its input bounds what a
pattern can cost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice

from aggregator.config.regex import compile_pattern, is_anchored, required_texts
from aggregator.rules.json_path import find_strings, load_json

Pipe = Callable[[str], Sequence[str]]
MAX_REGEX_CHARACTERS = 20_000  # characters; bounds what a slow pattern can cost


def compile_pipe(text: str) -> Pipe:
    """Compile `name: argument`. Raises ValueError with a message for the person who wrote it."""
    name, _, argument = text.partition(":")
    argument = _strip_quotes(argument.strip())
    if not argument:
        raise ValueError(f"the pipe `{name}` needs an argument")
    return PIPES[name](argument)


def _after(argument: str) -> Pipe:
    def apply(value: str) -> list[str]:
        if argument not in value:
            return [value]
        return [value.partition(argument)[2].strip()]

    return apply


def _before(argument: str) -> Pipe:
    return lambda value: [value.partition(argument)[0].strip()]


def _regex_pipe(argument: str) -> Pipe:
    pattern = compile_regex(argument)
    needles = required_texts(argument)
    search = pattern.match if is_anchored(argument) else pattern.search

    def apply(value: str) -> list[str]:
        # Texts without what every match contains are skipped before the slower search.
        if needles and not any(needle in value for needle in needles):
            return []
        match = search(value[:MAX_REGEX_CHARACTERS])
        if match is None:
            return []
        return [match_text(match).strip()]

    return apply


def _json_pipe(argument: str) -> Pipe:
    return lambda value: list(islice(find_strings(load_json(value), argument), 1))


def _prefix(argument: str) -> Pipe:
    return lambda value: [argument + value]


def _split_pipe(argument: str) -> Pipe:
    pattern = compile_regex(argument)

    def apply(value: str) -> list[str]:
        parts = []
        start = 0
        for match in pattern.finditer(value[:MAX_REGEX_CHARACTERS]):
            parts.append(value[start : match.start()].strip())
            start = match.end()
        parts.append(value[start:].strip())
        return parts

    return apply


PIPES: dict[str, Callable[[str], Pipe]] = {
    "after": _after,
    "before": _before,
    "regex": _regex_pipe,
    "json": _json_pipe,
    "prefix": _prefix,
    "split": _split_pipe,
}
# Where a pipe begins in the text of a selector.
PIPE_START = re.compile(rf"\s\|\s(?=(?:{'|'.join(PIPES)}):)")


def apply_pipes(pipes: tuple[Pipe, ...], value: str) -> list[str]:
    """Send a value through pipes, in order; no text if one of them finds nothing."""
    texts = [value]
    for pipe in pipes:
        results: list[str] = []
        for text in texts:
            results.extend(pipe(text))
        texts = results
    return texts


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
    if len(text) < 2:
        return text
    first = text[0]
    if first in "\"'" and text[-1] == first:
        return text[1:-1]
    return text
