"""The URL of a running site enters; a report of what stops its streams leaves.

:mod:`prober` sends the streams of the site's probe, :mod:`visits` reads what comes
piece by piece, and :mod:`items` finds what was late. :mod:`advice` and
:mod:`refusals` have the words; :mod:`unprobed` judges a stream of which nobody tells
when it left.
"""

from __future__ import annotations

from .examine import examine_site

__all__ = ["examine_site"]
