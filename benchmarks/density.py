"""Counts how dense the code reads: `python -m benchmarks.density [FOLDER...]`, one row a folder.

Branches per statement come first, for they do not depend on the layout. Docstrings, comments and
blank lines do not count as lines. tests/project/test_density.py has the goals.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"
Comprehension: TypeAlias = "ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp"

BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.match_case,
)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
NO_CODE = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
DIRECTIVES = ("fmt:", "noqa", "type:", "pragma", "mypy:")
CROWDED = 0.8  # branches per statement, of functions with at least three statements

_IRREGULAR = """
borne bound broken built chosen done drawn found given gone grown heard held hidden kept known left
lost made met said seen sent shown spent spun taken thrown told torn won worn written
"""
IRREGULAR_PARTICIPLES = frozenset(_IRREGULAR.split())
NO_PARTICIPLES = frozenset({"feed", "seed", "embed", "speed", "need", "exceed", "proceed", "bed"})


@dataclass(slots=True)
class Density:
    """What was counted in one folder."""

    branches: int = 0
    statements: int = 0
    crowded_functions: int = 0
    participles: int = 0
    comprehensions: int = 0
    nested_comprehensions: int = 0
    conditional_expressions: int = 0
    comments: int = 0
    format_skips: int = 0
    line_widths: list[int] = field(default_factory=list)
    function_lengths: list[int] = field(default_factory=list)

    @property
    def branches_per_statement(self) -> float:
        return self.branches / max(self.statements, 1)

    def per_thousand_lines(self, count: int) -> float:
        """Return how many of something there are in 1,000 lines of code."""
        return 1000 * count / max(len(self.line_widths), 1)

    def percent_of_functions(self, count: int) -> float:
        return 100 * count / max(len(self.function_lengths), 1)

    def __str__(self) -> str:
        parts = (
            f"code lines {len(self.line_widths)}",
            f"branches per statement {self.branches_per_statement:.2f}",
            f"functions above {CROWDED} {self.percent_of_functions(self.crowded_functions):.1f} %",
            f"function lines median {percentile(self.function_lengths, 0.5)}",
            f"p90 {percentile(self.function_lengths, 0.9)}",
            f"over 50 {sum(length > 50 for length in self.function_lengths)}",
            f"nested comprehensions {self.per_thousand_lines(self.nested_comprehensions):.1f} ‰",
            f"conditional expressions {self.per_thousand_lines(self.conditional_expressions):.0f} ‰",
            f"width p90 {percentile(self.line_widths, 0.9)}",
            f"comments {self.per_thousand_lines(self.comments) / 10:.1f} %",
            f"fmt: skip {self.format_skips}",
            f"bare participles {self.percent_of_functions(self.participles):.1f} %",
        )
        return ", ".join(parts)


def measure(folder: Path) -> Density:
    """Count all modules below a folder, but for migrations, which are never edited."""
    density = Density()
    for path in sorted(folder.rglob("*.py")):
        if "versions" not in path.parts:
            _measure_module(path.read_text(encoding="utf-8"), density)
    return density


def percentile(values: list[int], share: float) -> int:
    """Return the value below which that share of the values lies; 0 if there are none."""
    if not values:
        return 0
    return sorted(values)[int(share * (len(values) - 1))]


def _measure_module(text: str, density: Density) -> None:
    tree = ast.parse(text)
    code_lines = _count_tokens(text, density)
    for node in ast.walk(tree):
        docstring = _docstring(node)
        if docstring is not None:
            code_lines -= set(range(docstring.lineno, (docstring.end_lineno or 0) + 1))

    lines = text.splitlines()
    density.line_widths += [len(lines[number - 1].rstrip()) for number in code_lines]
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            _count_function(node, code_lines, density)
        elif isinstance(node, COMPREHENSIONS):
            density.comprehensions += 1
            density.nested_comprehensions += _is_nested(node)
        elif isinstance(node, ast.IfExp):
            density.conditional_expressions += 1


def _count_tokens(text: str, density: Density) -> set[int]:
    """Count the comments; return the numbers of the lines that hold code."""
    code_lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            density.format_skips += "fmt: skip" in token.string
            density.comments += not any(word in token.string for word in DIRECTIVES)
        elif token.type not in NO_CODE:
            code_lines.update(range(token.start[0], token.end[0] + 1))
    return code_lines


def _count_function(function: Function, code_lines: set[int], density: Density) -> None:
    branches = sum(map(_branches_of, _own_nodes(function)))
    statements = sum(isinstance(node, ast.stmt) for node in _own_nodes(function))
    if _docstring(function) is not None:
        statements -= 1
    statements = max(statements, 1)

    density.branches += branches
    density.statements += statements
    density.crowded_functions += statements >= 3 and branches / statements > CROWDED
    density.participles += _is_bare_participle(function)
    own_lines = range(function.lineno, (function.end_lineno or 0) + 1)
    density.function_lengths.append(len(code_lines.intersection(own_lines)))


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function; functions and classes inside it count for themselves."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))


def _branches_of(node: ast.AST) -> int:
    if isinstance(node, BRANCHES):
        return 1
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return 0


def _docstring(node: ast.AST) -> ast.Expr | None:
    if not isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)) or not node.body:
        return None
    first = node.body[0]
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return None
    return first if isinstance(first.value.value, str) else None


def _is_nested(node: Comprehension) -> bool:
    if len(node.generators) > 1:
        return True
    inner = (one for one in ast.walk(node) if one is not node)
    return any(isinstance(one, COMPREHENSIONS) for one in inner)


def _is_bare_participle(function: Function) -> bool:
    """Tell whether a name is a participle and nothing else; a property may be `closed`."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Name) and decorator.id.endswith("property"):
            return False
    word = function.name.strip("_")
    if word in IRREGULAR_PARTICIPLES:
        return True
    return word.isalpha() and word.endswith("ed") and word not in NO_PARTICIPLES


if __name__ == "__main__":
    for name in sys.argv[1:] or ["aggregator"]:
        print(f"{name}: {measure(Path(name))}")
