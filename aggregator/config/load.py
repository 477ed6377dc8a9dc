"""The way from files to one Config: read, check everything, and only then stop.

Rule: a mistake never hides another. Every file is read to its end, every source is checked by itself, and the error
that is raised lists all of it in the order of files and lines.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from aggregator.config.messages import describe_value, explain
from aggregator.config.record import Setting
from aggregator.config.settings import Config, Defaults
from aggregator.config.source import Source
from aggregator.config.source_files import places
from aggregator.config.source_ids import name
from aggregator.config.words import nearest
from aggregator.config.yaml_document import read
from aggregator.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from aggregator.config.source_files import Place
    from aggregator.config.yaml_document import YamlDocument
    from aggregator.errors import Problem


def load(
    path: Path,
    *,
    env: Mapping[str, str],
    sites: Collection[str] = (),
    selector: Callable[[str], object] | None = None,
) -> Config:
    """Read the main file and every file of sources that it names.

    `env` fills `${NAME}`; `sites` are the names of the site rules that exist, allowed as adapters; `selector` raises
    ValueError for a selector that cannot be understood, and where it is None all pass. Sources come in the order of the
    files (by name where `*` matched many) and of their lines; those that are not enabled are there too.

    Raises:
        ConfigError: with every problem of every file; files are named relative to the current folder.
    """
    main = _read_main(path, env=env)
    found = places(main, env=env)
    documents = (main, *found.documents)
    problems: list[Problem] = []
    for document in documents:
        problems += document.problems
    problems += found.problems

    setting = Setting(main.path.parent, sites, selector)
    config = _settings(main, setting, problems=problems)
    sources = _sources(found.places, setting, defaults=_defaults(main), problems=problems)

    known = {source.id for source in sources}
    problems += _strangers(main, config, known=known, whole=not problems)
    problems += _unknown_feed_view(main, config)
    if config is None or problems:
        raise ConfigError(sorted(set(problems), key=_order))

    files = tuple(document.path for document in documents)
    return config.read_from(files, sources=tuple(sources))


def _read_main(path: Path, *, env: Mapping[str, str]) -> YamlDocument:
    """Read the main file. Raises ConfigError where nobody can tell which sources it names."""
    main = read(path, env=env)
    if main.data is None and main.problems:
        raise ConfigError(main.problems)
    if main.data is not None and not isinstance(main.data, dict):
        not_mapping = main.problem(
            (), f"must be a mapping of keys, not {describe_value(main.data)}"
        )
        raise ConfigError([*main.problems, not_mapping])
    return main


def _order(problem: Problem) -> tuple[str, int, str, str]:
    return problem.file, problem.line, problem.path, problem.message


def default() -> Config:
    """Build the configuration of someone who has written none: no sources, everything beneath the current folder."""
    return Config()


def _settings(main: YamlDocument, setting: Setting, *, problems: list[Problem]) -> Config | None:
    given = dict(main.data or {})
    given.pop("sources", None)
    problems += _repeated_views(main, given.get("views"))
    try:
        return Config.model_validate(_homely(given, main.path), context=setting)
    except ValidationError as e:
        problems += explain(e, main, model=Config)
        return None


def _homely(given: dict[str, Any], path: Path) -> dict[str, Any]:
    """Fill in where the database and the feeds are kept: beside the folder `config`, not in it."""
    home = path.parent
    if home.name == "config":
        home = home.parent

    filled = dict(given)
    if filled.get("database") is None:
        filled["database"] = f"sqlite:///{home / 'var' / 'aggregator.db'}"
    if filled.get("output") is None:
        filled["output"] = str(home / "var" / "feeds")
    return filled


def _defaults(main: YamlDocument) -> Defaults:
    """Take the defaults that can be read; where they cannot, that was said already."""
    settings = main.data or {}
    try:
        return Defaults.model_validate(settings.get("defaults") or {})
    except ValidationError:
        return Defaults()


def _sources(
    found: tuple[Place, ...], setting: Setting, *, defaults: Defaults, problems: list[Problem]
) -> list[Source]:
    named, doubles = name(found)
    problems += doubles
    sources = []
    for place, identity in named:
        problems += _contradictions(place)
        try:
            sources.append(_source(place, identity, setting, defaults=defaults))
        except ValidationError as e:
            problems += explain(e, place.document, model=Source, at=place.steps)
    return sources


def _source(place: Place, identity: Any, setting: Setting, *, defaults: Defaults) -> Source:
    stated = {key for key, value in place.mapping.items() if value is not None}
    values = dict(place.mapping)
    for key in Defaults.written_keys():
        if key not in stated:
            values[key] = getattr(defaults, key)
    values["id"] = identity

    source = Source.model_validate(values, context=replace(setting, base=place.base))
    every_stated = "every" in stated or "every" in defaults.model_fields_set
    return source.with_origin(
        origin=place.origin,
        stated=stated,
        every_stated=every_stated,
        shown=_written_with_secret(place, source),
    )


def _written_with_secret(place: Place, source: Source) -> str | None:
    """Return the URL as it is written (`${NAME}`), None where the environment fills nothing in it."""
    if not source.url:
        return None
    written = place.written_text("url")
    if written == source.url:
        return None
    return written


def _contradictions(place: Place) -> list[Problem]:
    has_url = place.mapping.get("url") is not None
    has_path = place.mapping.get("path") is not None
    if has_url and has_path:
        message = "give `url` or `path`, not both"
        return [place.document.problem((*place.steps, "path"), message)]
    if not has_url and not has_path:
        return [place.document.problem(place.steps, "`url` or `path` is missing")]
    return []


def _repeated_views(main: YamlDocument, views: Any) -> list[Problem]:
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
        problems.append(main.problem(("views", index, "id"), message))
    return problems


def _strangers(
    main: YamlDocument, config: Config | None, *, known: set[str], whole: bool
) -> list[Problem]:
    """Find the views that ask for a source that does not exist; only where every source could be read."""
    if config is None or not whole:
        return []

    problems = []
    for index, view in enumerate(config.views):
        for position, identity in enumerate(view.where.source):
            if identity in known:
                continue
            steps = ("views", index, "where", "source", position)
            problems.append(_stranger(main, steps, identity, known=known))
    return problems


def _unknown_feed_view(main: YamlDocument, config: Config | None) -> list[Problem]:
    """Find a `server.feed` that is no view."""
    if config is None or config.server.feed is None:
        return []

    feed = config.server.feed
    known = [view.id for view in config.views]
    if feed in known:
        return []

    guess = nearest(feed, known)
    if guess:
        hint = f"did you mean `{guess}`?"
    else:
        hint = f"known are {', '.join(known)}"
    return [main.problem(("server", "feed"), f"there is no view `{feed}`, {hint}")]


def _stranger(
    main: YamlDocument, steps: tuple[str | int, ...], identity: str, *, known: set[str]
) -> Problem:
    guess = nearest(identity, known)
    hint = f", did you mean `{guess}`?" if guess else ""
    return main.problem(steps, f"there is no source `{identity}`{hint}")
