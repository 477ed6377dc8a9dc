"""Compiles regular expressions of the configuration, and rejects those with exponential run time (CWE-1333).

Run time is measured. For each repeated part of a pattern, a text is made that the part
matches many times before the whole match fails. A pattern whose time grows
exponentially with the number of repetitions is rejected. The texts are few and short,
so the check takes milliseconds; processor time of the thread is measured.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from itertools import pairwise, product
from time import thread_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# The parser of `re` has no public name; its output is the same from Python 3.11 to 3.14.
_parser: Any = import_module("re._parser")
_constants: Any = import_module("re._constants")
_REPEAT_OPERATIONS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_UNBOUNDED_FROM = 16  # a repeat with at least this maximum counts as unbounded
_REPEAT_COUNTS = (8, 12, 16, 20)
# Growth of the time for four more repetitions: an exponential of base 2 gives 16, a square 2.
_MAX_GROWTH = 6.0
_MIN_SECONDS = 0.002
_MAX_SECONDS = 0.05
_SAMPLE_LETTERS = "aA0 _-.,:;/!?'\"()[]<>\n\té中\x00"
_MAX_DEPTH = 60


@lru_cache(maxsize=4096)
def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern. Raises ValueError with the reason."""
    try:
        pattern = re.compile(text)
        hooks = tuple(_repeat_samples(_parser.parse(text), ""))
    except (re.error, OverflowError, RecursionError) as e:
        raise ValueError(str(e)) from e
    for before, again in hooks:
        if _is_exponential(pattern, before, again):
            raise ValueError(
                f"it would take for ever on a text such as `{_printable_text(before + again * 3)}…`"
            )
    return pattern


@lru_cache(maxsize=4096)
def required_texts(text: str) -> tuple[str, ...]:
    """Return texts of which every match of a pattern contains at least one; () if unknown.

    Searching for them is faster than searching for the pattern.
    """
    pattern = compile_pattern(text)
    if pattern.flags & re.IGNORECASE:
        return ()
    choices = _find_required(_parser.parse(text))
    return max(choices, key=_shortest_length, default=())


def is_anchored(text: str) -> bool:
    """Tell whether a pattern matches only at the start of a text."""
    first = next(iter(_parser.parse(text)), None)
    return (
        first == (_constants.AT, _constants.AT_BEGINNING)
        and not compile_pattern(text).flags & re.MULTILINE
    )


def _find_required(parsed: Any, *, depth: int = 0) -> list[tuple[str, ...]]:
    """Return the choices of `required_texts`: of each choice, every match contains one text."""
    found: list[tuple[str, ...]] = []
    run = ""
    for operation, argument in parsed:
        if operation is _constants.LITERAL:
            run += chr(argument)
            continue
        found.append((run,))
        run = ""
        if depth < _MAX_DEPTH:
            found += _find_required_inside(operation, argument, depth=depth + 1)
    return [texts for texts in (*found, (run,)) if all(texts)]


def _find_required_inside(operation: Any, argument: Any, *, depth: int) -> list[tuple[str, ...]]:
    if operation is _constants.BRANCH:
        return _find_required_in_branches(argument[1], depth=depth)
    if operation is _constants.SUBPATTERN:
        flags, inner = argument[1], argument[3]
        if not flags:
            return _find_required(inner, depth=depth)
    if operation in _REPEAT_OPERATIONS:
        minimum, _, inner = argument
        if minimum > 0:
            return _find_required(inner, depth=depth)
    return []


def _find_required_in_branches(branches: Any, *, depth: int) -> list[tuple[str, ...]]:
    """Join the best texts of all alternatives; nothing if one alternative requires none."""
    texts: list[str] = []
    for branch in branches:
        choices = _find_required(branch, depth=depth)
        if not choices:
            return []
        best = max(choices, key=_shortest_length)
        texts += best
    return [tuple(texts)]


def _shortest_length(texts: tuple[str, ...]) -> int:
    return min(map(len, texts))


def _is_exponential(pattern: re.Pattern[str], before: str, again: str) -> bool:
    return any(_grows_exponentially(pattern, before, again, end) for end in ("\x00", "!", "\n"))


def _grows_exponentially(pattern: re.Pattern[str], before: str, again: str, end: str) -> bool:
    times: list[float] = []
    for count in _REPEAT_COUNTS:
        start = thread_time()
        pattern.search(before + again * count + end)
        times.append(thread_time() - start)
        if times[-1] > _MAX_SECONDS:
            return True
        if times[-1] > _MIN_SECONDS and len(times) > 2:
            return all(
                later > _MAX_GROWTH * earlier for earlier, later in list(pairwise(times))[-2:]
            )
    return False


def _repeat_samples(parsed: Any, before: str, *, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield for each repeated part a text that leads to it, and a text that it matches once."""
    if depth > _MAX_DEPTH:
        return

    for operation, argument in parsed:
        if operation in _REPEAT_OPERATIONS:
            _, maximum, inner = argument
            if maximum >= _UNBOUNDED_FROM:
                for once in _sample_texts(inner, depth=depth + 1):
                    yield before, once

        for part in _subpatterns(operation, argument):
            yield from _repeat_samples(part, before, depth=depth + 1)
        before += next(_sample_texts([(operation, argument)], depth=depth + 1), "")


def _subpatterns(operation: Any, argument: Any) -> list[Any]:
    """Return the patterns inside one element of a pattern."""
    if operation in _REPEAT_OPERATIONS:
        return [argument[2]]
    if operation is _constants.SUBPATTERN:
        return [argument[3]]
    if operation is _constants.BRANCH:
        return list(argument[1])
    if operation in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [argument[1]]
    if operation is _constants.ATOMIC_GROUP:
        return [argument]
    return []


def _sample_texts(parsed: Any, *, depth: int) -> Iterator[str]:
    """Yield some short texts that a pattern matches; for a branch, one for each alternative.

    At most 6 texts of 64 characters, from 3 texts of each element: more would multiply.
    """
    texts = [""]
    for operation, argument in parsed:
        ends = list(_sample_element(operation, argument, depth=depth))[:3]
        if ends:
            texts = [text + end for text, end in product(texts, ends)][:6]

    yield from dict.fromkeys(text[:64] for text in texts)


def _sample_element(operation: Any, argument: Any, *, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    if operation is _constants.LITERAL:
        yield chr(argument)
    elif operation in (_constants.IN, _constants.ANY, _constants.NOT_LITERAL, _constants.CATEGORY):
        yield from _sample_letter(operation, argument)
    elif operation in _REPEAT_OPERATIONS:
        for text in _sample_texts(argument[2], depth=depth + 1):
            yield text * max(1, min(argument[0], 4))
    elif operation not in (_constants.ASSERT, _constants.ASSERT_NOT):
        for part in _subpatterns(operation, argument):
            yield from _sample_texts(part, depth=depth + 1)


def _sample_letter(operation: Any, argument: Any) -> list[str]:
    """Return at most one letter that a character class matches."""
    if operation is _constants.ANY:
        return ["a"]
    if operation is _constants.NOT_LITERAL:
        excluded = chr(argument)
        return [next(letter for letter in _SAMPLE_LETTERS if letter != excluded)]

    items = [(operation, argument)]
    if operation is _constants.IN:
        items = argument
    for letter in _candidate_letters(items):
        if _is_in_class(letter, items):
            return [letter]
    return []


def _candidate_letters(items: Any) -> Iterator[str]:
    for kind, value in items:
        if kind is _constants.LITERAL:
            yield chr(value)
        elif kind is _constants.RANGE:
            yield chr(value[0])
    yield from _SAMPLE_LETTERS


def _is_in_class(letter: str, items: Any) -> bool:
    negated: bool = bool(items) and items[0][0] is _constants.NEGATE
    return negated is not any(_matches_class_item(letter, kind, value) for kind, value in items)


def _matches_class_item(letter: str, kind: Any, value: Any) -> bool:
    if kind is _constants.LITERAL:
        return bool(ord(letter) == value)
    if kind is _constants.RANGE:
        return bool(value[0] <= ord(letter) <= value[1])
    if kind is _constants.CATEGORY:
        test = _CATEGORY_PATTERNS.get(value)
        return test is not None and test.match(letter) is not None
    return False


_CATEGORY_PATTERNS = {
    _constants.CATEGORY_DIGIT: re.compile(r"\d"),
    _constants.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    _constants.CATEGORY_SPACE: re.compile(r"\s"),
    _constants.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    _constants.CATEGORY_WORD: re.compile(r"\w"),
    _constants.CATEGORY_NOT_WORD: re.compile(r"\W"),
}


def _printable_text(text: str) -> str:
    letters = []
    for letter in text[:40]:
        letters.append(letter if letter.isprintable() else "·")
    return "".join(letters)
