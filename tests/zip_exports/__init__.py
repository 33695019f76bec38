"""Responses of ``stream_zip``: their headers, contexts, rows and endings."""
