"""The code stays plain: what `python -m benchmarks.density` counts stays below its goals."""

from __future__ import annotations

import ast
from pathlib import Path

from benchmarks.density import measure, percentile

ROOT = Path(__file__).parents[2]
DENSITY = measure(ROOT / "aggregator")


def test_branches_are_few() -> None:
    crowded_percent = DENSITY.percent_of_functions(DENSITY.crowded_functions)

    assert DENSITY.branches_per_statement <= 0.42
    assert crowded_percent <= 4


def test_comprehensions_and_conditional_expressions_are_plain() -> None:
    assert DENSITY.per_thousand_lines(DENSITY.nested_comprehensions) <= 2
    assert DENSITY.per_thousand_lines(DENSITY.conditional_expressions) <= 15


def test_functions_and_lines_are_short() -> None:
    assert percentile(DENSITY.line_widths, 0.9) <= 88
    assert percentile(DENSITY.function_lengths, 0.9) <= 20
    assert max(DENSITY.function_lengths) <= 65  # the options of `preview` are a table
    assert DENSITY.format_skips <= 5


def test_names_are_no_bare_participles() -> None:
    assert DENSITY.percent_of_functions(DENSITY.participles) <= 1


def test_modules_hold_one_noun() -> None:
    lengths = {}
    for path in (ROOT / "aggregator").rglob("*.py"):
        if "versions" not in path.parts:  # a migration stands alone, whatever it takes
            lines = path.read_text(encoding="utf-8").splitlines()
            lengths[str(path.relative_to(ROOT))] = len(lines)

    assert {name: length for name, length in lengths.items() if length > 520} == {}
    assert sum(length > 400 for length in lengths.values()) <= 10


def test_no_two_classes_share_a_name() -> None:
    owners: dict[str, list[str]] = {}
    for path in sorted((ROOT / "aggregator").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                owners.setdefault(node.name, []).append(str(path.relative_to(ROOT)))

    assert {name: files for name, files in owners.items() if len(files) > 1} == {}
