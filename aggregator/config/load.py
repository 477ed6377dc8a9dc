"""Loads the files of a configuration into one Config, and lists all problems at once.

Every file is read completely and every source is checked by itself, so that no problem
hides another. The error lists them in the order of files and lines.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from aggregator.config.messages import describe_value, translate_errors
from aggregator.config.record import ValidationContext
from aggregator.config.settings import Config, Defaults
from aggregator.config.source import Source
from aggregator.config.source_files import collect_sources
from aggregator.config.source_ids import assign_ids
from aggregator.config.words import find_nearest
from aggregator.config.yaml_document import read_yaml
from aggregator.errors import ConfigError
from aggregator.redaction import make_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from aggregator.config.source_files import SourceDefinition
    from aggregator.config.yaml_document import YamlDocument
    from aggregator.errors import Problem
    from aggregator.redaction import Secrets


def load_config(
    path: Path,
    *,
    env: Mapping[str, str],
    sites: Collection[str] = (),
    check_selector: Callable[[str], object] | None = None,
) -> Config:
    """Load the main file and every file of sources that it names.

    `env` fills `${NAME}`. `sites` are the names of site rules, which are allowed as
    adapters. `check_selector` raises ValueError for an invalid selector; with None, no
    selector is checked. Sources are in the order of the files (sorted by name for a
    pattern) and of their lines; disabled ones are included.

    Raises:
        ConfigError: with every problem of every file; files are named relative to the current folder.
    """
    main = _read_main(path, env=env)
    listing = collect_sources(main, env=env)
    documents = (main, *listing.documents)
    problems: list[Problem] = []
    for document in documents:
        problems += document.problems
    problems += listing.problems

    context = ValidationContext(main.path.parent, sites, check_selector)
    secrets = _find_secrets(documents)
    config = _build_config(main, context, problems=problems)
    sources = _build_sources(
        listing.definitions, context, defaults=_build_defaults(main), problems=problems
    )

    known = {source.id for source in sources}
    problems += _unknown_source_problems(main, config, known=known, whole=not problems)
    problems += _unknown_feed_view_problems(main, config)
    if config is None or problems:
        raise ConfigError(sorted(_hide_in_problems(problems, secrets), key=_sort_key))

    files = tuple(document.path for document in documents)
    return config.with_sources(files, sources=tuple(sources), secrets=secrets)


def _find_secrets(documents: Iterable[YamlDocument]) -> Secrets:
    variables: dict[str, str] = {}
    for document in documents:
        variables |= document.variables
    return make_secrets(variables)


def _hide_in_problems(problems: Iterable[Problem], secrets: Secrets) -> set[Problem]:
    """Return each problem once, without values of the environment."""
    return {replace(problem, message=secrets.hide(problem.message)) for problem in problems}


def _read_main(path: Path, *, env: Mapping[str, str]) -> YamlDocument:
    """Read the main file. Raises ConfigError if it cannot be read as a mapping."""
    main = read_yaml(path, env=env)
    if main.data is None and main.problems:
        raise ConfigError(main.problems)
    if main.data is not None and not isinstance(main.data, dict):
        not_mapping = main.make_problem(
            (), f"must be a mapping of keys, not {describe_value(main.data)}"
        )
        raise ConfigError([*main.problems, not_mapping])
    return main


def _sort_key(problem: Problem) -> tuple[str, int, str, str]:
    return problem.file, problem.line, problem.path, problem.message


def default_config() -> Config:
    """Build the configuration without a file: no sources, all paths below the current folder."""
    return Config()


def _build_config(
    main: YamlDocument, context: ValidationContext, *, problems: list[Problem]
) -> Config | None:
    given = dict(main.data or {})
    given.pop("sources", None)
    problems += _duplicate_view_problems(main, given.get("views"))
    try:
        return Config.model_validate(_fill_paths(given, main.path), context=context)
    except ValidationError as e:
        problems += translate_errors(e, main, model=Config)
        return None


def _fill_paths(given: dict[str, Any], path: Path) -> dict[str, Any]:
    """Fill in the default paths of database and output: beside the folder `config`, not in it."""
    home = path.parent
    if home.name == "config":
        home = home.parent

    filled = dict(given)
    if filled.get("database") is None:
        filled["database"] = f"sqlite:///{home / 'var' / 'aggregator.db'}"
    if filled.get("output") is None:
        filled["output"] = str(home / "var" / "feeds")
    return filled


def _build_defaults(main: YamlDocument) -> Defaults:
    """Build the defaults; invalid ones were reported already and count as absent."""
    settings = main.data or {}
    try:
        return Defaults.model_validate(settings.get("defaults") or {})
    except ValidationError:
        return Defaults()


def _build_sources(
    definitions: tuple[SourceDefinition, ...],
    context: ValidationContext,
    *,
    defaults: Defaults,
    problems: list[Problem],
) -> list[Source]:
    named, doubles = assign_ids(definitions)
    problems += doubles
    sources = []
    for definition, identity in named:
        problems += _location_problems(definition)
        try:
            sources.append(_build_source(definition, identity, context, defaults=defaults))
        except ValidationError as e:
            problems += translate_errors(
                e, definition.document, model=Source, at=definition.yaml_path
            )
    return sources


def _build_source(
    definition: SourceDefinition, identity: Any, context: ValidationContext, *, defaults: Defaults
) -> Source:
    given_keys = {key for key, value in definition.mapping.items() if value is not None}
    values = dict(definition.mapping)
    for key in Defaults.yaml_keys():
        if key not in given_keys:
            values[key] = getattr(defaults, key)
    values["id"] = identity

    source = Source.model_validate(values, context=replace(context, base=definition.base_folder))
    is_every_explicit = "every" in given_keys or "every" in defaults.model_fields_set
    return source.with_origin(
        origin=definition.origin,
        given_keys=given_keys,
        is_every_explicit=is_every_explicit,
        display_location=_display_location(definition, source),
    )


def _display_location(definition: SourceDefinition, source: Source) -> str | None:
    """Return the URL with `${NAME}` as written, None if it contains no variable."""
    if not source.url:
        return None
    written = definition.written_text("url")
    if written == source.url:
        return None
    return written


def _location_problems(definition: SourceDefinition) -> list[Problem]:
    has_url = definition.mapping.get("url") is not None
    has_path = definition.mapping.get("path") is not None
    if has_url and has_path:
        message = "give `url` or `path`, not both"
        return [definition.document.make_problem((*definition.yaml_path, "path"), message)]
    if not has_url and not has_path:
        return [
            definition.document.make_problem(definition.yaml_path, "`url` or `path` is missing")
        ]
    return []


def _duplicate_view_problems(main: YamlDocument, views: Any) -> list[Problem]:
    if not isinstance(views, list):
        return []

    first: dict[str, int] = {}
    problems = []
    for index, view in enumerate(views):
        if not isinstance(view, dict) or not isinstance(view.get("id"), str):
            continue
        identity = view["id"]
        if identity not in first:
            first[identity] = index
            continue

        first_line = main.lines[("views", first[identity], "id")]
        message = f"`{identity}` is used twice, first on line {first_line}"
        problems.append(main.make_problem(("views", index, "id"), message))
    return problems


def _unknown_source_problems(
    main: YamlDocument, config: Config | None, *, known: set[str], whole: bool
) -> list[Problem]:
    """Find views with an unknown source; none if some sources could not be read."""
    if config is None or not whole:
        return []

    problems = []
    for index, view in enumerate(config.views):
        for position, identity in enumerate(view.where.source):
            if identity in known:
                continue
            yaml_path = ("views", index, "where", "source", position)
            problems.append(_unknown_source_problem(main, yaml_path, identity, known=known))
    return problems


def _unknown_feed_view_problems(main: YamlDocument, config: Config | None) -> list[Problem]:
    """Check that `server.feed` names a view."""
    if config is None or config.server.feed is None:
        return []

    feed = config.server.feed
    known = [view.id for view in config.views]
    if feed in known:
        return []

    guess = find_nearest(feed, known)
    if guess:
        hint = f"did you mean `{guess}`?"
    else:
        hint = f"known are {', '.join(known)}"
    return [main.make_problem(("server", "feed"), f"there is no view `{feed}`, {hint}")]


def _unknown_source_problem(
    main: YamlDocument, yaml_path: tuple[str | int, ...], identity: str, *, known: set[str]
) -> Problem:
    guess = find_nearest(identity, known)
    hint = f", did you mean `{guess}`?" if guess else ""
    return main.make_problem(yaml_path, f"there is no source `{identity}`{hint}")
