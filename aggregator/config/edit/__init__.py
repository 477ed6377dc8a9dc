"""Writing sources into the user's YAML files."""
