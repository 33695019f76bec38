"""A Flask application enters; a report of what stops its streams leaves.

:mod:`calls` sees which callables a request passes on its way; those that
:mod:`references` finds are the :mod:`chain`. :mod:`layers` drives them one by one
(:mod:`drive`) with a :mod:`probe`, for which the application has a place as its
:mod:`guest`. What is wrong with how it came out (:mod:`symptoms`) is blamed on the
first layer that shows it (:mod:`examination`), and :mod:`culprits` has the cure.
What leads to the views around Outpour is found by :mod:`detours`.
"""

from __future__ import annotations

from .examine import examine_application

__all__ = ["examine_application"]
