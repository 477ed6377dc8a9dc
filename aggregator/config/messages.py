"""What pydantic found wrong, in plain words and with the place in the file.

Rule: a message says what is allowed, then what was seen; what came from the environment is never repeated. One place
with one mistake is named once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args, get_origin

from aggregator.config.record import Record
from aggregator.config.words import nearest, replace_unprintable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from aggregator.config.yaml_document import Steps, YamlDocument
    from aggregator.errors import Problem

_SHOWN_CHARACTERS = 60
_MOST_GUESSES = 3  # places where a key may have been meant; more of them help nobody
_DEEPEST_GUESS = 2  # groups that such a place may lie in
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
_USERINFO = re.compile(r"(?<=//)[^/\s]*@|^[^/\s@:]+:[^/\s]*@")
_FOLLOWS_ANOTHER = "default_factory_not_called"


def explain(
    error: ValidationError, document: YamlDocument, *, model: type[Record], at: Steps = ()
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


def unknown_key(loc: tuple[int | str, ...], *, model: type[Record] | None) -> str:
    """Say that a key of the model is not known, with what was probably meant, else with all that are known."""
    hint = _unknown_key_hint(loc, model)
    return f"unknown key `{_shorten(str(loc[-1]))}`, {hint}"


def _unknown_key_hint(loc: tuple[int | str, ...], model: type[Record] | None) -> str:
    key = str(loc[-1])
    groups = tuple(step for step in loc[:-1] if isinstance(step, str))
    record = _record_at(model, groups)
    known: tuple[str, ...] = ()
    if record is not None:
        known = record.written_keys()
        guesses = [f"`{guess}`" for guess in _guesses(key, record)]
        if guesses:
            return f"did you mean {' or '.join(guesses)}?"

    if groups:
        outer = _record_at(model, groups[:-1])
        if outer is not None and key in outer.written_keys():
            return f"write it beside `{groups[-1]}`, not in it"
    return f"known are {', '.join(known)}"


def _guesses(key: str, record: type[Record]) -> list[str]:
    """Say how the key was probably meant to be written: in a group of the record, or spelled otherwise."""
    own = nearest(key, record.written_keys())

    guesses = []
    for path in _guess_paths(key, record, allow_misspelled=own is None):
        if "." not in key or ".".join(path) == key:
            guesses.append(_yaml_of_path(path))

    if own is not None:
        differs_in_plural_only = own.rstrip("s") == key.rstrip("s")
        if differs_in_plural_only or not guesses:
            guesses.append(own)
    return guesses


def _guess_paths(
    key: str, record: type[Record], *, allow_misspelled: bool
) -> list[tuple[str, ...]]:
    """Return the paths in groups of the record that end in the key; none where they are too many."""
    below = _keys_below(record)
    paths = below.get(key.rpartition(".")[2], [])
    if not paths and allow_misspelled:
        paths = below.get(nearest(key, below) or "", [])
    if len(paths) > _MOST_GUESSES:
        return []
    return paths


def _keys_below(record: type[Record]) -> dict[str, list[tuple[str, ...]]]:
    """Map each key of the groups in a record to its paths; a key of an inner group only where no outer one has it."""
    found: dict[str, list[tuple[str, ...]]] = {}
    groups: list[tuple[tuple[str, ...], type[Record]]] = [((), record)]
    for _ in range(_DEEPEST_GUESS):
        inner_groups = []
        for path, outer in groups:
            for name, inner in _groups(outer):
                inner_groups.append(((*path, name), inner))
        groups = inner_groups

        level: dict[str, list[tuple[str, ...]]] = {}
        for path, group in groups:
            for key in group.written_keys():
                level.setdefault(key, []).append((*path, key))
        found = level | found
    return found


def _groups(record: type[Record]) -> Iterator[tuple[str, type[Record]]]:
    """Yield the keys of a record that hold a group of keys each, with the group's model; lists of groups are none."""
    for name, field in record.model_fields.items():
        if get_origin(field.annotation) is tuple:
            continue
        group = _record_in(field.annotation)
        if group is not None:
            yield field.alias or name, group


def _yaml_of_path(path: tuple[str, ...]) -> str:
    """Write a path as YAML.

    >>> _yaml_of_path(("where", "include"))
    'where: {include: …}'
    """
    text = f"{path[-1]}: …"
    for group in reversed(path[:-1]):
        text = f"{group}: {{{text}}}"
    return text


def describe_value(value: Any) -> str:
    """Name what was seen: a text in quotes, the kind of anything else."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return f"`{_shorten(str(value))}`"


def _shorten(text: str) -> str:
    """Make one short printable line of a text, without user names and passwords of URLs."""
    line = replace_unprintable(_USERINFO.sub("…@", text))
    if len(line) > _SHOWN_CHARACTERS:
        line = line[:_SHOWN_CHARACTERS] + "…"
    return line


def _message(
    detail: ErrorDetails, document: YamlDocument, *, at: Steps, model: type[Record] | None
) -> str:
    kind, loc = detail["type"], detail["loc"]
    if kind == "extra_forbidden":
        return unknown_key(loc, model=model)
    if kind == "missing":
        return f"`{loc[-1]}` is missing"
    if kind == "literal_error":
        return _choice(detail, document, at=at)
    words = _WORDS.get(kind, "{message}").format(
        message=_lower_first(detail["msg"]), **_context(detail)
    )
    if kind in _UNSEEN:
        return words
    return (
        f"{words}, not {_describe_input(detail, document, at=at)}{_advice(detail, document, at=at)}"
    )


def _context(detail: ErrorDetails) -> dict[str, Any]:
    return {key: value for key, value in detail.get("ctx", {}).items() if key != "message"}


def _lower_first(message: str) -> str:
    return message[:1].lower() + message[1:]


def _choice(detail: ErrorDetails, document: YamlDocument, *, at: Steps) -> str:
    expected = str(detail.get("ctx", {}).get("expected", ""))
    choices = re.findall(r"'([^']*)'", expected)
    was = _describe_input(detail, document, at=at)
    guess = nearest(was.strip("`"), choices)
    hint = f", did you mean `{guess}`?" if guess else ""
    return f"must be {expected.replace(chr(39), '`')}, not {was}{hint}"


def _describe_input(detail: ErrorDetails, document: YamlDocument, *, at: Steps) -> str:
    value = detail["input"]
    if isinstance(value, str) and _is_secret(detail, document, at=at):
        return "what the environment gives"
    return describe_value(value)


def _advice(detail: ErrorDetails, document: YamlDocument, *, at: Steps) -> str:
    """Name the URL that was probably meant."""
    meant = detail.get("ctx", {}).get("meant")
    if meant is None or _is_secret(detail, document, at=at):
        return ""
    return f"; write `{meant}`"


def _is_secret(detail: ErrorDetails, document: YamlDocument, *, at: Steps) -> bool:
    """Tell whether the environment filled the value or a part of it."""
    place = document.existing_path((*at, *detail["loc"]))
    return any(secret[: len(place)] == place for secret in document.secrets)


def _record_at(model: type[Record] | None, keys: tuple[str, ...]) -> type[Record] | None:
    """Follow a path of keys through the models."""
    for key in keys:
        if model is None:
            return None
        model = _record_of_key(model, key)
    return model


def _record_of_key(model: type[Record], key: str) -> type[Record] | None:
    for name, field in model.model_fields.items():
        if key in (field.alias, name):
            return _record_in(field.annotation)
    return None


def _record_in(annotation: Any) -> type[Record] | None:
    """Return the model that an annotation names (`Network`, `Network | None`); None where it names none."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    for part in get_args(annotation):
        record = _record_in(part)
        if record is not None:
            return record
    return None
