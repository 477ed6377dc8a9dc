"""`python -m aggregator.config [DOCS]` writes the schema for editors and the keys of the documentation.

Run it from the repository's root after a change of keys; a test fails while the files are outdated.
"""

import json
import sys
from pathlib import Path

from aggregator.config.docs_tables import refresh_page
from aggregator.config.json_schema import build_schema


def write_docs(docs: Path) -> None:
    """Write aggregator.schema.json, and refresh the keys of configuration.md."""
    text = json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"
    (docs / "aggregator.schema.json").write_text(text, encoding="utf-8")
    page = docs / "configuration.md"
    page.write_text(refresh_page(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write_docs(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
