"""`python -m aggregator.config [DOCS]` writes the schema for editors and the keys of the documentation.

Rule: run from the repository's root after a key changed; a test compares what is there with what would be written.
"""

import json
import sys
from pathlib import Path

from aggregator.config.docs_tables import refresh_page
from aggregator.config.json_schema import schema


def write(docs: Path) -> None:
    """Write aggregator.schema.json, and refresh the keys of configuration.md."""
    text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    (docs / "aggregator.schema.json").write_text(text, encoding="utf-8")
    page = docs / "configuration.md"
    page.write_text(refresh_page(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
