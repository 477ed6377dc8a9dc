"""Regular expressions of people's files: compiled, and refused where some text would hold them for ever.

Rule: whether a pattern explodes is measured, not guessed. For everything in it that repeats, a text is made that the
repeated part matches again and again and that then fails; a pattern whose time more than doubles with every few more
repetitions is refused (CWE-1333). A pattern is searched in a few short texts only, so that asking costs milliseconds,
and the time is the processor's own.
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

# The parser of `re` has no public name; what it gives is the same from Python 3.11 to 3.14.
_parser: Any = import_module("re._parser")
_constants: Any = import_module("re._constants")
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_MANY = 16  # repetitions from which a bounded repeat counts as one without bound
_COUNTS = (8, 12, 16, 20)
# Growth of the time for four more repetitions: an exponential of base 2 gives 16, a square 2.
_GROWTH = 6.0
_LEAST_SECONDS = 0.002
_MOST_SECONDS = 0.05
_LETTERS = "aA0 _-.,:;/!?'\"()[]<>\n\té中\x00"
_DEEPEST = 60


@lru_cache(maxsize=4096)
def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern. Raises ValueError, saying what is wrong with it."""
    try:
        pattern = re.compile(text)
        hooks = tuple(_hooks(_parser.parse(text), ""))
    except (re.error, OverflowError, RecursionError) as e:
        raise ValueError(str(e)) from e
    for before, again in hooks:
        if _explodes(pattern, before, again):
            raise ValueError(
                f"it would take for ever on a text such as `{_printable_text(before + again * 3)}…`"
            )
    return pattern


@lru_cache(maxsize=4096)
def required_texts(text: str) -> tuple[str, ...]:
    """Texts one of which stands in whatever a pattern matches; none where that cannot be told.

    Looking for them is quicker than searching for the pattern.
    """
    pattern = compile_pattern(text)
    if pattern.flags & re.IGNORECASE:
        return ()
    choices = _find_required(_parser.parse(text))
    return max(choices, key=_shortest, default=())


def is_anchored(text: str) -> bool:
    """Tell whether a pattern matches at the beginning of a text alone."""
    first = next(iter(_parser.parse(text)), None)
    return (
        first == (_constants.AT, _constants.AT_BEGINNING)
        and not compile_pattern(text).flags & re.MULTILINE
    )


def _find_required(parsed: Any, *, depth: int = 0) -> list[tuple[str, ...]]:
    """Everything that `required` may choose from."""
    found: list[tuple[str, ...]] = []
    run = ""
    for operation, argument in parsed:
        if operation is _constants.LITERAL:
            run += chr(argument)
            continue
        found.append((run,))
        run = ""
        if depth < _DEEPEST:
            found += _required_inside(operation, argument, depth=depth + 1)
    return [texts for texts in (*found, (run,)) if all(texts)]


def _required_inside(operation: Any, argument: Any, *, depth: int) -> list[tuple[str, ...]]:
    if operation is _constants.BRANCH:
        return _required_of_branches(argument[1], depth=depth)
    if operation is _constants.SUBPATTERN:
        flags, inner = argument[1], argument[3]
        if not flags:
            return _find_required(inner, depth=depth)
    if operation in _REPEATS:
        minimum, _, inner = argument
        if minimum > 0:
            return _find_required(inner, depth=depth)
    return []


def _required_of_branches(branches: Any, *, depth: int) -> list[tuple[str, ...]]:
    """Join the best texts of all alternatives; nothing where one of them requires none."""
    texts: list[str] = []
    for branch in branches:
        choices = _find_required(branch, depth=depth)
        if not choices:
            return []
        best = max(choices, key=_shortest)
        texts += best
    return [tuple(texts)]


def _shortest(texts: tuple[str, ...]) -> int:
    return min(map(len, texts))


def _explodes(pattern: re.Pattern[str], before: str, again: str) -> bool:
    return any(_grows(pattern, before, again, end) for end in ("\x00", "!", "\n"))


def _grows(pattern: re.Pattern[str], before: str, again: str, end: str) -> bool:
    times: list[float] = []
    for count in _COUNTS:
        start = thread_time()
        pattern.search(before + again * count + end)
        times.append(thread_time() - start)
        if times[-1] > _MOST_SECONDS:
            return True
        if times[-1] > _LEAST_SECONDS and len(times) > 2:
            return all(later > _GROWTH * earlier for earlier, later in list(pairwise(times))[-2:])
    return False


def _hooks(parsed: Any, before: str, *, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield for everything that repeats a text that leads to it, and one that it matches once."""
    if depth > _DEEPEST:
        return

    for operation, argument in parsed:
        if operation in _REPEATS:
            _, maximum, inner = argument
            if maximum >= _MANY:
                for once in _samples(inner, depth=depth + 1):
                    yield before, once

        for part in _parts(operation, argument):
            yield from _hooks(part, before, depth=depth + 1)
        before += next(_samples([(operation, argument)], depth=depth + 1), "")


def _parts(operation: Any, argument: Any) -> list[Any]:
    """The patterns inside one element of a pattern."""
    if operation in _REPEATS:
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


def _samples(parsed: Any, *, depth: int) -> Iterator[str]:
    """Yield some short texts that a pattern matches; of a branch one for each alternative.

    At most 6 texts of 64 characters, from 3 texts of each element: more would multiply.
    """
    texts = [""]
    for operation, argument in parsed:
        ends = list(_sample(operation, argument, depth=depth))[:3]
        if ends:
            texts = [text + end for text, end in product(texts, ends)][:6]

    yield from dict.fromkeys(text[:64] for text in texts)


def _sample(operation: Any, argument: Any, *, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if operation is _constants.LITERAL:
        yield chr(argument)
    elif operation in (_constants.IN, _constants.ANY, _constants.NOT_LITERAL, _constants.CATEGORY):
        yield from _letters(operation, argument)
    elif operation in _REPEATS:
        for text in _samples(argument[2], depth=depth + 1):
            yield text * max(1, min(argument[0], 4))
    elif operation not in (_constants.ASSERT, _constants.ASSERT_NOT):
        for part in _parts(operation, argument):
            yield from _samples(part, depth=depth + 1)


def _letters(operation: Any, argument: Any) -> list[str]:
    """Return one letter that a class matches, or none; what a category holds is asked of `re` itself."""
    if operation is _constants.ANY:
        return ["a"]
    if operation is _constants.NOT_LITERAL:
        excluded = chr(argument)
        return [next(letter for letter in _LETTERS if letter != excluded)]

    items = [(operation, argument)]
    if operation is _constants.IN:
        items = argument
    for letter in _candidates(items):
        if _is_in(letter, items):
            return [letter]
    return []


def _candidates(items: Any) -> Iterator[str]:
    for kind, value in items:
        if kind is _constants.LITERAL:
            yield chr(value)
        elif kind is _constants.RANGE:
            yield chr(value[0])
    yield from _LETTERS


def _is_in(letter: str, items: Any) -> bool:
    negated: bool = bool(items) and items[0][0] is _constants.NEGATE
    return negated is not any(_hits(letter, kind, value) for kind, value in items)


def _hits(letter: str, kind: Any, value: Any) -> bool:
    if kind is _constants.LITERAL:
        return bool(ord(letter) == value)
    if kind is _constants.RANGE:
        return bool(value[0] <= ord(letter) <= value[1])
    if kind is _constants.CATEGORY:
        test = _CATEGORIES.get(value)
        return test is not None and test.match(letter) is not None
    return False


_CATEGORIES = {
    _constants.CATEGORY_DIGIT: re.compile(r"\d"),
    _constants.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    _constants.CATEGORY_SPACE: re.compile(r"\s"),
    _constants.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    _constants.CATEGORY_WORD: re.compile(r"\w"),
    _constants.CATEGORY_NOT_WORD: re.compile(r"\W"),
}


def _printable_text(text: str) -> str:
    return "".join(letter if letter.isprintable() else "·" for letter in text)[:40]
