"""From what a person types to a source in YAML."""
