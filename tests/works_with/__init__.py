"""Streams beside well-known packages, each in its own file, over the real package."""
