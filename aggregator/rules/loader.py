"""Loads site rules: the shipped ones, and the user's own beside their configuration.

A user's file replaces the shipped one with the same id. All problems of all files are reported
together.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from pydantic import ValidationError

from aggregator.config.messages import describe_value, translate_errors
from aggregator.config.record import ValidationContext
from aggregator.config.words import find_nearest
from aggregator.config.yaml_document import read_yaml
from aggregator.errors import ConfigError
from aggregator.rules.compiled import SAVED, SiteRules, Sites, compile_site
from aggregator.rules.schema import SiteFile
from aggregator.rules.selector import compile_selector
from aggregator.rules.shipped import PRESETS, shipped_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from aggregator.config.yaml_document import YamlDocument
    from aggregator.errors import Problem

__all__ = ["RulesFile", "load_sites", "read_rules_files", "shipped_names"]


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A valid rules file, and the document that it was read from."""

    file: SiteFile
    document: YamlDocument


def load_sites(folder: Path | None = None) -> Sites:
    """Load the shipped rules and those of a folder.

    None loads the shipped rules alone. A folder that does not exist counts as empty.

    Raises:
        ConfigError: with every problem of every file; files are named relative to the current folder.
    """
    read = read_rules_files(folder)
    files = {rules.file.id: rules.file for rules in read}
    compiled = _compile_all(files)
    saved = compiled[SAVED]
    without_base = _compile_all(files, known={SAVED: SiteRules(id=SAVED)})
    unsaved = Sites({**without_base, SAVED: saved}.values())
    said = repr([rules.document.data for rules in read])
    digest = blake2b(said.encode(), digest_size=16).hexdigest()
    return Sites(compiled.values(), fallback=saved, unsaved=unsaved, digest=digest)


def read_rules_files(folder: Path | None = None) -> tuple[RulesFile, ...]:
    """Read the shipped rules files and the folder's, which replace shipped ones of the same id.

    Raises:
        ConfigError: as `load_sites`.
    """
    problems: list[Problem] = []
    shipped = _read_folder(PRESETS, problems)
    own = _read_folder(folder, problems) if folder is not None else []
    problems += _duplicate_ids(own)

    by_id = {rules.file.id: rules for rules in (*shipped, *own)}
    # While some file cannot be read, an id that no file has may be that file's.
    complete = not problems
    for rules in by_id.values():
        problem = _base_problem(rules, by_id, complete=complete)
        if problem is not None:
            problems.append(problem)

    if problems:
        raise ConfigError(problems)
    return tuple(by_id.values())


def _read_folder(folder: Path, problems: list[Problem]) -> list[RulesFile]:
    """Read the valid files of a folder; adds what is wrong with the others to `problems`."""
    files = []
    for path in sorted(folder.glob("*.yaml")):
        document = read_yaml(path, env={})
        problems += document.problems
        file = _validate(document, problems)
        if file is not None:
            files.append(RulesFile(file, document))
    return files


def _validate(document: YamlDocument, problems: list[Problem]) -> SiteFile | None:
    """Return the checked file, None if it is not valid; the problems are added to `problems`."""
    if not isinstance(document.data, dict):
        if not document.problems:
            message = f"must be a mapping of keys, not {describe_value(document.data)}"
            problems.append(document.make_problem((), message))
        return None

    context = ValidationContext(document.path.parent, check_selector=compile_selector)
    try:
        return SiteFile.model_validate(document.data, context=context)
    except ValidationError as e:
        problems += translate_errors(e, document, model=SiteFile)
        return None


def _duplicate_ids(own: Iterable[RulesFile]) -> list[Problem]:
    problems = []
    first: dict[str, YamlDocument] = {}
    for rules in own:
        document = first.setdefault(rules.file.id, rules.document)
        if document is not rules.document:
            message = f"`{rules.file.id}` is used twice, first in {document.file}"
            problems.append(rules.document.make_problem(("id",), message))
    return problems


def _base_problem(
    rules: RulesFile, by_id: Mapping[str, RulesFile], *, complete: bool
) -> Problem | None:
    """Return what is wrong with `extends`, None if nothing is.

    An unknown id is a problem of the file that names it, not of those that extend that file, and
    only if all files could be read (`complete`).
    """
    chain = [rules.file.id]
    while True:
        base = by_id[chain[-1]].file.extends
        if base is None:
            return None

        if base not in by_id:
            if len(chain) == 1 and complete:
                return _unknown_base(rules, base, by_id)
            return None

        chain.append(base)
        if base in chain[:-1]:
            message = f"goes in a circle: {' -> '.join(chain)}"
            return rules.document.make_problem(("extends",), message)


def _unknown_base(rules: RulesFile, base: str, by_id: Mapping[str, RulesFile]) -> Problem:
    guess = find_nearest(base, by_id)
    if guess:
        hint = f"did you mean `{guess}`?"
    else:
        hint = f"known are {', '.join(sorted(by_id))}"
    return rules.document.make_problem(("extends",), f"there are no rules `{base}`, {hint}")


def _compile_all(
    files: Mapping[str, SiteFile], *, known: Mapping[str, SiteRules] | None = None
) -> dict[str, SiteRules]:
    """Compile all files, in their order; those that are `known` are taken as they are."""
    compiled: dict[str, SiteRules] = dict(known or {})
    return {name: _compile(name, files, compiled) for name in files}


def _compile(name: str, files: Mapping[str, SiteFile], compiled: dict[str, SiteRules]) -> SiteRules:
    """Compile a file after those that it extends; `compiled` keeps the results."""
    if name not in compiled:
        file = files[name]
        base = None
        if file.extends:
            base = _compile(file.extends, files, compiled)
        compiled[name] = compile_site(file, base)
    return compiled[name]
