"""Requests up to their first chunk: right status and headers, no leftovers."""
