"""What a shell offers for a word that is being typed, beyond the commands and options that typer knows.

Rule: whatever is wrong, nothing is printed: the person is in the middle of a line.
"""

import typer

from aggregator.cli.context import invocation_of
from aggregator.errors import AggregatorError


def source_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of the configured sources that begin with what was typed."""
    try:
        config = invocation_of(ctx).load()
    except (AggregatorError, OSError):
        return []
    return [source.id for source in config.sources if source.id.startswith(incomplete)]


def view_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of the configured views that begin with what was typed."""
    try:
        config = invocation_of(ctx).load()
    except (AggregatorError, OSError):
        return []
    return [view.id for view in config.views if view.id.startswith(incomplete)]


def names_of_tests(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the sources and site rules whose name begins with what was typed: both may declare tests."""
    try:
        site_rules = invocation_of(ctx).site_names()
    except (AggregatorError, OSError):
        site_rules = ()
    names = source_ids(ctx, incomplete)
    names.extend(sorted(name for name in site_rules if name.startswith(incomplete)))
    return list(dict.fromkeys(names))
