"""The tests that sources and site rules declare in YAML, run offline from recorded captures."""
