"""The doctor finds what holds a stream back, and says what to change.

::

    a Flask application ──► application ──┐
                                          ├──► findings ──► report, a time line
    the URL of a site   ──► site ─────────┘

:mod:`application` drives each layer around an application with a probe, from the inside
out. :mod:`site` reads what comes through a server and its proxies.
"""
