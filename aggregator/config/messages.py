"""What pydantic found wrong, in plain words and with the place in the file.

Rule: a message says what is allowed, then what was seen; what came from the environment is never repeated. One place
with one mistake is named once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from aggregator.config.record import Record
from aggregator.config.words import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from aggregator.config.yaml_document import Document, Steps
    from aggregator.errors import Problem

_SHOWN_CHARACTERS = 60
_WORDS = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a mapping of keys",
    "mapping_type": "must be a mapping of keys",
    "model_type": "must be a mapping of keys",
    "model_attributes_type": "must be a mapping of keys",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must not be empty",
    "path_type": "must be a path",
    "time_delta_type": "must be a whole number and a unit, such as 30s, 15m, 1h, 90d or 2w",
    "value_error": "{error}",
}
# `private` must not repeat the value; where something is missing there is none; an empty text shows by itself.
_UNSEEN = frozenset({"private", "missing", "string_too_short"})
_USERINFO = re.compile(r"//[^/\s]*@")
_FOLLOWS_ANOTHER = "default_factory_not_called"


def explain(
    error: ValidationError, document: Document, *, model: type[Record], at: Steps = ()
) -> Iterator[Problem]:
    """Translate what is wrong with the `model` that stands at `at` in its document."""
    blamed = {(problem.line, problem.path) for problem in document.problems}
    for detail in error.errors(include_url=False):
        if detail["type"] == _FOLLOWS_ANOTHER:
            continue
        problem = document.problem(
            (*at, *detail["loc"]), _message(detail, document, at=at, model=model)
        )
        if (problem.line, problem.path) not in blamed:
            yield problem


def unknown_key(key: str, known: tuple[str, ...]) -> str:
    """Say that a key is not known, with the one that was probably meant, else with all that are."""
    guess = nearest(key, known)
    hint = f"did you mean `{guess}`?" if guess else f"known are {', '.join(known)}"
    return f"unknown key `{_shortened(key)}`, {hint}"


def seen(value: Any) -> str:
    """Name what was seen: a text in quotes, the kind of anything else."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "a mapping" if isinstance(value, dict) else f"`{_shortened(str(value))}`"


def _shortened(text: str) -> str:
    text = _USERINFO.sub("//…@", text)
    line = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
    return line if len(line) <= _SHOWN_CHARACTERS else line[:_SHOWN_CHARACTERS] + "…"


def _message(
    detail: ErrorDetails, document: Document, *, at: Steps, model: type[Record] | None
) -> str:
    kind, loc = detail["type"], detail["loc"]
    if kind == "extra_forbidden":
        record = _record_at(model, loc[:-1])
        return unknown_key(str(loc[-1]), record.written_keys() if record else ())
    if kind == "missing":
        return f"`{loc[-1]}` is missing"
    if kind == "literal_error":
        return _choice(detail, document, at=at)
    words = _WORDS.get(kind, "{message}").format(
        message=_lowered(detail["msg"]), **_context(detail)
    )
    return words if kind in _UNSEEN else f"{words}, not {_seen(detail, document, at=at)}"


def _context(detail: ErrorDetails) -> dict[str, Any]:
    return {key: value for key, value in detail.get("ctx", {}).items() if key != "message"}


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]


def _choice(detail: ErrorDetails, document: Document, *, at: Steps) -> str:
    expected = str(detail.get("ctx", {}).get("expected", ""))
    choices = re.findall(r"'([^']*)'", expected)
    was = _seen(detail, document, at=at)
    guess = nearest(was.strip("`"), choices)
    hint = f", did you mean `{guess}`?" if guess else ""
    return f"must be {expected.replace(chr(39), '`')}, not {was}{hint}"


def _seen(detail: ErrorDetails, document: Document, *, at: Steps) -> str:
    place = document.known((*at, *detail["loc"]))
    below = any(secret[: len(place)] == place for secret in document.secrets)
    return (
        "what the environment gives"
        if below and isinstance(detail["input"], str)
        else seen(detail["input"])
    )


def _record_at(model: type[Record] | None, loc: tuple[int | str, ...]) -> type[Record] | None:
    """Follow a path of keys through the models; list positions do not change the model."""
    for step in loc:
        if model is None or isinstance(step, int):
            continue
        fields = model.model_fields.items()
        annotation = next(
            (field.annotation for name, field in fields if step in (field.alias, name)), None
        )
        model = _record_in(annotation)
    return model


def _record_in(annotation: Any) -> type[Record] | None:
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    return next((found for part in get_args(annotation) if (found := _record_in(part))), None)
