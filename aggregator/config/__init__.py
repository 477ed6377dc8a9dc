"""The configuration: YAML in, one frozen Config out.

Rule: what loads is right as far as it can be told without asking anyone; what does not load is explained in full, with
file, line and path. Exactly the keys of docs/configuration.md exist.
"""

from aggregator.config.filters import Corrections, ForcedValues, Match
from aggregator.config.json_schema import schema
from aggregator.config.load import default, load
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
    "default",
    "load",
    "schema",
]
