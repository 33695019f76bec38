"""Responses of ``stream_rows``: their format, their headers, and their endings."""
