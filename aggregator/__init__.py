"""Follow many unlike sources and serve one clean, merged Atom feed."""

__version__ = "0.1.0"
