"""Shell completion of ids and names; typer itself completes commands and options.

Errors are never printed, because the user is in the middle of typing a line.
"""

import typer

from aggregator.cli.context import get_invocation
from aggregator.errors import AggregatorError


def source_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of the configured sources that begin with what was typed."""
    try:
        config = get_invocation(ctx).load()
    except (AggregatorError, OSError):
        return []
    return [source.id for source in config.sources if source.id.startswith(incomplete)]


def names_of_tests(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the sources and site rules whose name begins with what was typed.

    Both may declare tests.
    """
    try:
        site_rules = get_invocation(ctx).site_names()
    except (AggregatorError, OSError):
        site_rules = ()
    names = source_ids(ctx, incomplete)
    names.extend(sorted(name for name in site_rules if name.startswith(incomplete)))
    return list(dict.fromkeys(names))
