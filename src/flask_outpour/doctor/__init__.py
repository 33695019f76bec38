"""The doctor finds what holds a stream back, and says what to change.

::

    a Flask application ──► chain ──► layers ──► findings ──► report
    the URL of a site   ──► visits ────────────►

:mod:`chain` finds what stands around an application, :mod:`layers` drives each part of
it with a probe, from the inside out, and :mod:`culprits` knows the usual ones by name.
:mod:`visits` reads a running site through its server and proxies. Both give
:mod:`findings`, which :mod:`report` prints as text or JSON.
"""
