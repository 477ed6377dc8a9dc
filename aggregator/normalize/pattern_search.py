"""Searches the operator's patterns in strangers' texts, for a limited time.

A pattern as common as `foo.*bar` takes hours on two million characters of `foofoo…`, and Python's `re`
holds up the whole program meanwhile. The library `regex` can be stopped.
"""

from __future__ import annotations

import re

import regex

# Up to here, `re` is quick enough with any pattern that the configuration accepts.
_SHORT_TEXT = 200
_MAX_SECONDS = 0.05
_MAX_REMEMBERED = 10_000
# `{e<=1}` and `[:alpha:]` have a meaning in `regex` that they do not have in `re`.
_ONLY_IN_REGEX = re.compile(r"(?<!\\)\{(?=[a-z])|(?<=\[):")


class TimedPattern:
    """A pattern that is not found where the search for it takes too long."""

    def __init__(self, source: str) -> None:
        self._short = re.compile(source)
        self._long = regex.compile(_ONLY_IN_REGEX.sub(r"\\\g<0>", source), regex.VERSION0)
        self._given_up: set[int] = set()

    def is_found(self, text: str) -> bool:
        """Tell whether the pattern matches anywhere in the text."""
        if len(text) <= _SHORT_TEXT:
            return self._short.search(text) is not None
        if hash(text) in self._given_up:
            return False
        try:
            return self._long.search(text, timeout=_MAX_SECONDS, concurrent=True) is not None
        except TimeoutError:
            self._remember(text)
            return False

    def _remember(self, text: str) -> None:
        if len(self._given_up) >= _MAX_REMEMBERED:
            self._given_up.clear()
        self._given_up.add(hash(text))
