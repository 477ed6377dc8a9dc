"""Site rules: a language in YAML for what one publisher's content means, its loader, and the rules that ship."""
