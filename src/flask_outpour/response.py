"""Flask's response, with a view's own choice of how it streams."""

from __future__ import annotations

from typing import Any

import flask


class Response(flask.Response):
    """Flask's :class:`flask.Response`, which can leave a stream's items unjoined.

    Views may use either class; Outpour serves both.

    :param coalesce: ``False`` sends each item by itself. The default joins small
        items where that delays nothing, which is many times faster.
    """

    coalesce = True

    def __init__(self, *args: Any, coalesce: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.coalesce = coalesce
