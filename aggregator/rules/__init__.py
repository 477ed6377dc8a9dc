"""Site rules: how to read one publisher's pages, written in YAML; their loader, and shipped rules."""
