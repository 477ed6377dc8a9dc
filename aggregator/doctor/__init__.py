"""Says what is wrong with a source or an installation, and what to do."""
