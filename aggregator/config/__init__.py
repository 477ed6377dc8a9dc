"""The configuration: YAML in, one frozen Config out.

Loading checks everything that can be checked offline. If anything is wrong, all
problems are listed with file, line and path. docs/configuration.md lists every key.
"""

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
