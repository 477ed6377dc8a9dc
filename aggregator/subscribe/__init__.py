"""Finds and imports sources: from the user's input to a source in YAML."""
