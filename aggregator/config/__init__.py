"""The configuration: YAML in, one frozen Config out.

Loading checks everything that can be checked offline. If anything is wrong, all
problems are listed with file, line and path. docs/configuration.md lists every key.

A name is imported from its module when it is first used: a parser process needs two of them, and
the modules that read YAML take a quarter of its start.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.config.filters import Corrections, ForcedValues, Match
    from aggregator.config.json_schema import build_schema
    from aggregator.config.load import default_config, load_config
    from aggregator.config.page_rules import (
        ArticleRules,
        ExpectedEntry,
        FieldRule,
        Fields,
        PageRules,
        PageTest,
    )
    from aggregator.config.settings import Config, Defaults, Network, Server, View, Where
    from aggregator.config.source import BasicAuth, HttpOptions, Source

__all__ = [
    "ArticleRules",
    "BasicAuth",
    "Config",
    "Corrections",
    "Defaults",
    "ExpectedEntry",
    "FieldRule",
    "Fields",
    "ForcedValues",
    "HttpOptions",
    "Match",
    "Network",
    "PageRules",
    "PageTest",
    "Server",
    "Source",
    "View",
    "Where",
    "build_schema",
    "default_config",
    "load_config",
]

_NAMES_BY_MODULE = {
    "filters": "Corrections ForcedValues Match",
    "json_schema": "build_schema",
    "load": "default_config load_config",
    "page_rules": "ArticleRules ExpectedEntry FieldRule Fields PageRules PageTest",
    "settings": "Config Defaults Network Server View Where",
    "source": "BasicAuth HttpOptions Source",
}


def __getattr__(name: str) -> object:
    for module, names in _NAMES_BY_MODULE.items():
        if name in names.split():
            value: object = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
