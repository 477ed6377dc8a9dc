"""Adds sources to the user's YAML files."""
