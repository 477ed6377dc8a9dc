"""The base class of all groups of configuration keys: frozen, unknown keys are errors.

A known key without a value (`views:` whose lines are commented out) counts as absent.
Relative paths start from the folder of the file that names them.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator


@dataclass(frozen=True, slots=True)
class ValidationContext:
    """What validation needs to know besides a value: the base of relative paths, and the site rules.

    With `sites` None, any adapter name is valid. `check_selector` raises ValueError for
    an invalid selector; with None, any text is valid.
    """

    base: Path
    sites: Collection[str] | None = None
    check_selector: Callable[[str], object] | None = None


class Record(BaseModel):
    """A frozen group of keys; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @classmethod
    def yaml_keys(cls) -> tuple[str, ...]:
        """Return the keys as written in YAML, in the order of the documentation."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="before")
    @classmethod
    def _drop_empty_keys(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data

        known = cls.yaml_keys()
        kept = {}
        for key, value in data.items():
            # An unknown key is an error even without a value, so it is kept for the later check.
            if value is not None or key not in known:
                kept[key] = value
        return kept


def validation_context(info: ValidationInfo) -> ValidationContext:
    """Return the context of this validation; by default paths start from the current folder."""
    if isinstance(info.context, ValidationContext):
        return info.context
    return ValidationContext(base=Path.cwd())


def text_default_field(
    default: str, *, description: str, examples: list[str] | None = None, secret: bool = False
) -> Any:
    """Declare a key with a default in the form of YAML (`1h`, `16MiB`), which is validated like any value.

    `secret` omits the value from the record's `repr`.
    """
    return Field(default=default, description=description, examples=examples, repr=not secret)
