"""What `aggregator.config` offers is imported when it is used, and not before."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from aggregator import config

LIST_MODULES = """
import json, sys
import aggregator.parse.captures
print(json.dumps([name for name in sys.modules if name.startswith("aggregator.config.")]))
"""


def test_each_name_is_the_one_of_its_module() -> None:
    found = {name: getattr(config, name).__name__ for name in config.__all__}

    assert found == {name: name for name in config.__all__}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Sorce'"):
        _ = config.Sorce  # type: ignore[attr-defined]


def test_reading_documents_needs_no_module_that_reads_configurations() -> None:
    run = subprocess.run(
        [sys.executable, "-c", LIST_MODULES], capture_output=True, check=True, text=True
    )

    loaded = set(json.loads(run.stdout))
    assert loaded.isdisjoint({f"aggregator.config.{name}" for name in ("load", "settings")})
