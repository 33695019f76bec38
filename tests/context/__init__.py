"""Contexts of a request: open until a stream's end, then gone."""
