"""Rows as bytes: by the value table, by a slow reference, by standard readers."""
