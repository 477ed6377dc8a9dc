"""Translates pydantic's errors into problems with plain messages and the place in the file.

A message says what is allowed, then what was found. Values from the environment are
never repeated. A mistake is reported once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args, get_origin

from aggregator.config.record import Record
from aggregator.config.words import find_nearest, replace_unprintable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from aggregator.config.yaml_document import YamlDocument, YamlPath
    from aggregator.errors import Problem

_MAX_VALUE_CHARACTERS = 60
_MAX_GUESSES = 3  # suggested places of a key; with more, none is suggested
_MAX_GUESS_DEPTH = 2  # levels of groups that are searched for the key
_MESSAGES = {
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
_KINDS_WITHOUT_VALUE = frozenset({"private", "missing", "string_too_short"})
_USERINFO = re.compile(r"(?<=//)[^/\s]*@|^[^/\s@:]+:[^/\s]*@")
_CONSEQUENTIAL_ERROR = "default_factory_not_called"


def translate_errors(
    error: ValidationError, document: YamlDocument, *, model: type[Record], at: YamlPath = ()
) -> Iterator[Problem]:
    """Translate the errors of a `model` whose mapping is at path `at` of the document."""
    blamed = {(problem.line, problem.path) for problem in document.problems}
    for detail in error.errors(include_url=False):
        if detail["type"] == _CONSEQUENTIAL_ERROR:
            continue
        problem = document.make_problem(
            (*at, *detail["loc"]), _message(detail, document, at=at, model=model)
        )
        if (problem.line, problem.path) not in blamed:
            yield problem


def unknown_key_message(loc: tuple[int | str, ...], *, model: type[Record] | None) -> str:
    """Return the message for an unknown key: with suggestions, else with all known keys."""
    hint = _unknown_key_hint(loc, model)
    return f"unknown key `{_shorten(str(loc[-1]))}`, {hint}"


def _unknown_key_hint(loc: tuple[int | str, ...], model: type[Record] | None) -> str:
    key = str(loc[-1])
    groups = tuple(step for step in loc[:-1] if isinstance(step, str))
    record = _record_at(model, groups)
    known: tuple[str, ...] = ()
    if record is not None:
        known = record.yaml_keys()
        guesses = _guess_keys(key, record)
        if guesses:
            quoted = [f"`{guess}`" for guess in guesses]
            return f"did you mean {' or '.join(quoted)}?"

    if groups:
        outer = _record_at(model, groups[:-1])
        if outer is not None and key in outer.yaml_keys():
            return f"write it beside `{groups[-1]}`, not in it"
    return f"known are {', '.join(known)}"


def _guess_keys(key: str, record: type[Record]) -> list[str]:
    """Suggest what was probably meant: the key in a group of the record, or another spelling."""
    own = find_nearest(key, record.yaml_keys())

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
    """Return the paths in groups of the record that end in the key; none if there are too many."""
    below = _keys_below(record)
    paths = below.get(key.rpartition(".")[2], [])
    if not paths and allow_misspelled:
        paths = below.get(find_nearest(key, below) or "", [])
    if len(paths) > _MAX_GUESSES:
        return []
    return paths


def _keys_below(record: type[Record]) -> dict[str, list[tuple[str, ...]]]:
    """Map each key of the groups in a record to its paths; outer groups come before inner ones."""
    found: dict[str, list[tuple[str, ...]]] = {}
    groups: list[tuple[tuple[str, ...], type[Record]]] = [((), record)]
    for _ in range(_MAX_GUESS_DEPTH):
        inner_groups = []
        for path, outer in groups:
            for name, inner in _key_groups(outer):
                inner_groups.append(((*path, name), inner))
        groups = inner_groups

        level: dict[str, list[tuple[str, ...]]] = {}
        for path, group in groups:
            for key in group.yaml_keys():
                level.setdefault(key, []).append((*path, key))
        found = level | found
    return found


def _key_groups(record: type[Record]) -> Iterator[tuple[str, type[Record]]]:
    """Yield the keys of a record that contain a group, with the group's model; lists are skipped."""
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
    """Describe a value: a text in quotes, anything else by its type."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return f"`{_shorten(str(value))}`"


def _shorten(text: str) -> str:
    """Shorten a text to one printable line, without user names and passwords of URLs."""
    line = replace_unprintable(_USERINFO.sub("…@", text))
    if len(line) > _MAX_VALUE_CHARACTERS:
        line = line[:_MAX_VALUE_CHARACTERS] + "…"
    return line


def _message(
    detail: ErrorDetails, document: YamlDocument, *, at: YamlPath, model: type[Record] | None
) -> str:
    kind, loc = detail["type"], detail["loc"]
    if kind == "extra_forbidden":
        return unknown_key_message(loc, model=model)
    if kind == "missing":
        return f"`{loc[-1]}` is missing"
    if kind == "literal_error":
        return _choice_message(detail, document, at=at)
    words = _MESSAGES.get(kind, "{message}").format(
        message=_lower_first(detail["msg"]), **_message_values(detail)
    )
    if kind in _KINDS_WITHOUT_VALUE:
        return words
    return f"{words}, not {_describe_input(detail, document, at=at)}{_url_advice(detail, document, at=at)}"


def _message_values(detail: ErrorDetails) -> dict[str, Any]:
    return {key: value for key, value in detail.get("ctx", {}).items() if key != "message"}


def _lower_first(message: str) -> str:
    return message[:1].lower() + message[1:]


def _choice_message(detail: ErrorDetails, document: YamlDocument, *, at: YamlPath) -> str:
    expected = str(detail.get("ctx", {}).get("expected", ""))
    choices = re.findall(r"'([^']*)'", expected)
    was = _describe_input(detail, document, at=at)
    guess = find_nearest(was.strip("`"), choices)
    hint = f", did you mean `{guess}`?" if guess else ""
    return f"must be {expected.replace(chr(39), '`')}, not {was}{hint}"


def _describe_input(detail: ErrorDetails, document: YamlDocument, *, at: YamlPath) -> str:
    value = detail["input"]
    if isinstance(value, str) and _is_secret(detail, document, at=at):
        return "what the environment gives"
    return describe_value(value)


def _url_advice(detail: ErrorDetails, document: YamlDocument, *, at: YamlPath) -> str:
    """Suggest the URL that was probably meant."""
    meant = detail.get("ctx", {}).get("meant")
    if meant is None or _is_secret(detail, document, at=at):
        return ""
    return f"; write `{meant}`"


def _is_secret(detail: ErrorDetails, document: YamlDocument, *, at: YamlPath) -> bool:
    """Tell whether the value contains a variable of the environment."""
    place = document.existing_path((*at, *detail["loc"]))
    return any(secret[: len(place)] == place for secret in document.secrets)


def _record_at(model: type[Record] | None, keys: tuple[str, ...]) -> type[Record] | None:
    """Return the model at a path of keys, None without one."""
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
    """Return the model that an annotation names (`Network`, `Network | None`), None without one."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    for part in get_args(annotation):
        record = _record_in(part)
        if record is not None:
            return record
    return None
