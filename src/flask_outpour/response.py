"""Flask's response, with a view's own choice of how it streams."""

from __future__ import annotations

from typing import Any

import flask


class Response(flask.Response):
    """Flask's :class:`flask.Response`, with a say in how its stream is sent.

    Views may use either class; Outpour serves both.

    :param coalesce: ``False`` sends each item by itself. The default joins small
        items where that delays nothing, which is many times faster.
    :param compress: ``False`` leaves the stream uncompressed where
        ``OUTPOUR_COMPRESS`` is on.
    """

    coalesce: bool = True
    compress: bool = True

    def __init__(
        self, *args: Any, coalesce: bool = True, compress: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.coalesce = coalesce
        self.compress = compress
