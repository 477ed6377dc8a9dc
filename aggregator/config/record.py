"""The base of every configuration value: frozen, and deaf to keys it does not know.

Rule: a key with nothing after it (`views:` whose lines are commented out) counts as absent; a key that is not known is
an error even so. Relative paths are resolved against the folder of the file that names them (`Setting.base`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator


@dataclass(frozen=True, slots=True)
class Setting:
    """What a value is read in: the folder its relative paths start from, and the site rules that exist.

    `sites` is None where they are not known; any adapter name then passes. `selector` raises ValueError for a selector
    that cannot be understood; None where nobody can tell, and any text passes.
    """

    base: Path
    sites: Collection[str] | None = None
    selector: Callable[[str], object] | None = None


class Record(BaseModel):
    """A frozen group of keys; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @classmethod
    def written_keys(cls) -> tuple[str, ...]:
        """List the keys as they are written in YAML, in the order of the documentation."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data

        known = cls.written_keys()
        kept = {}
        for key, value in data.items():
            # An unknown key is an error even without a value: it stays, and is refused later.
            if value is not None or key not in known:
                kept[key] = value
        return kept


def setting(info: ValidationInfo) -> Setting:
    """Take the setting of this validation; the current folder where the value is built by hand."""
    if isinstance(info.context, Setting):
        return info.context
    return Setting(base=Path.cwd())


def text_default_field(
    default: str, *, description: str, examples: list[str] | None = None, secret: bool = False
) -> Any:
    """Declare a key whose default is spelled as people write it, and read like any other value (`1h`, `16MiB`).

    `secret` keeps the value out of the record's `repr`.
    """
    return Field(default=default, description=description, examples=examples, repr=not secret)
