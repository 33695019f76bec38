"""What yields rows enters; rows in batches, with the names of their columns, leave.

::

    source ──► opening ──► cursors, statements, records ──► batches ──► Rows
                           arrow ──► record batches ──────────────────► Rows
                           statements ──► copying ──► lines ──────────► Rows

:mod:`opening` finds out what a source is; :mod:`cursors` and :mod:`statements` read
databases, :mod:`records` any objects, and :mod:`batches` decides how many rows go
together. Of a statement, :mod:`verbs` says what it does, and :mod:`loading` has its
entities loaded. :mod:`arrow` reads what has columns already, but for the :mod:`frames`
of pandas that it would read otherwise than they are, and :mod:`copying` lets PostgreSQL
write lines itself: :mod:`fitness` says whether it may, :mod:`casts` how, :mod:`pieces`
and :mod:`objects` pass on what comes.
"""

from __future__ import annotations

from .model import Rows
from .opening import close_unopened
from .opening import open_rows

__all__ = ["Rows", "close_unopened", "open_rows"]
