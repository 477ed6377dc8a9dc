"""`python -m aggregator.rules [DOCS]` writes the schema of site rules for editors, site-rules.schema.json.

Run it from the repository's root after a key changed; a test compares the file with the keys.
"""

import json
import sys
from pathlib import Path

from aggregator.config.json_schema import strip_titles
from aggregator.rules.schema import SiteFile

NAME = "site-rules.schema.json"


def write_schema(docs: Path) -> None:
    """Write the schema (JSON Schema 2020-12) into a folder."""
    schema = strip_titles(SiteFile.model_json_schema(by_alias=True))
    text = json.dumps(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "site rules"} | schema,
        indent=2,
        ensure_ascii=False,
    )
    (docs / NAME).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_schema(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
