"""Load site rules: those that ship in this folder, and the user's own beside their configuration.

Rule: a user's file with the id of a shipped one replaces it; every problem of every file is told at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from aggregator.config.messages import explain, seen
from aggregator.config.record import Setting
from aggregator.config.words import nearest
from aggregator.config.yaml_document import read
from aggregator.errors import ConfigError
from aggregator.rules.compiled import SiteRules, Sites, compile_site
from aggregator.rules.schema import SiteFile
from aggregator.rules.selector import compile_selector
from aggregator.rules.shipped import SHIPPED, shipped_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from aggregator.config.yaml_document import Document
    from aggregator.errors import Problem
__all__ = ["RulesFile", "load_sites", "rules_files", "shipped_names"]


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A rules file that says what rules may say, and the document it was read from."""

    file: SiteFile
    document: Document


def load_sites(folder: Path | None = None) -> Sites:
    """Load the shipped rules and those of a folder, None for the shipped ones alone; no folder is an empty folder.

    Raises:
        ConfigError: with every problem of every file; files are named relative to the current folder.
    """
    return Sites(_compiled({one.file.id: one.file for one in rules_files(folder)}))


def rules_files(folder: Path | None = None) -> tuple[RulesFile, ...]:
    """Read the rules as they are written: those that ship, where the folder's do not replace them, and the folder's.

    Raises:
        ConfigError: as `load_sites`.
    """
    problems: list[Problem] = []
    shipped = _read(SHIPPED, problems)
    own = _read(folder, problems) if folder is not None else []
    problems += _doubles(own)
    by_id = {one.file.id: one for one in (*shipped, *own)}
    whole = not problems
    problems += [
        problem for one in by_id.values() if (problem := _wrong_base(one, by_id, whole=whole))
    ]
    if problems:
        raise ConfigError(problems)
    return tuple(by_id.values())


def _read(folder: Path, problems: list[Problem]) -> list[RulesFile]:
    checked = []
    for path in sorted(folder.glob("*.yaml")):
        document = read(path, env={})
        problems += document.problems
        file = _checked(document, problems)
        if file is not None:
            checked.append(RulesFile(file, document))
    return checked


def _checked(document: Document, problems: list[Problem]) -> SiteFile | None:
    if not isinstance(document.data, dict):
        if not document.problems:
            problems.append(
                document.problem((), f"must be a mapping of keys, not {seen(document.data)}")
            )
        return None
    try:
        return SiteFile.model_validate(
            document.data, context=Setting(document.path.parent, selector=compile_selector)
        )
    except ValidationError as e:
        problems += explain(e, document, model=SiteFile)
        return None


def _doubles(own: Iterable[RulesFile]) -> Iterable[Problem]:
    first: dict[str, Document] = {}
    for one in own:
        document = first.setdefault(one.file.id, one.document)
        if document is not one.document:
            yield one.document.problem(
                ("id",), f"`{one.file.id}` is used twice, first in {document.file}"
            )


def _wrong_base(one: RulesFile, by_id: Mapping[str, RulesFile], *, whole: bool) -> Problem | None:
    """Tell what is wrong with `extends`; a name that nobody has is no mistake while some file could not be read."""
    chain = [one.file.id]
    while (base := by_id[chain[-1]].file.extends) is not None:
        if base not in by_id:
            return _stranger(one, base, by_id) if len(chain) == 1 and whole else None
        chain.append(base)
        if base in chain[:-1]:
            return one.document.problem(("extends",), f"goes in a circle: {' -> '.join(chain)}")
    return None


def _stranger(one: RulesFile, base: str, by_id: Mapping[str, RulesFile]) -> Problem:
    guess = nearest(base, by_id)
    hint = f"did you mean `{guess}`?" if guess else f"known are {', '.join(sorted(by_id))}"
    return one.document.problem(("extends",), f"there are no rules `{base}`, {hint}")


def _compiled(files: Mapping[str, SiteFile]) -> Iterable[SiteRules]:
    done: dict[str, SiteRules] = {}

    def compiled(name: str) -> SiteRules:
        if name not in done:
            base = files[name].extends
            done[name] = compile_site(files[name], compiled(base) if base else None)
        return done[name]

    return [compiled(name) for name in files]
