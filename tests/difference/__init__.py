"""The same views on plain Flask and with the one line, and what differs.

A view is an entry of the catalogue (``views/``), which costs a line or a few. Every
entry is asked once of plain Flask and once of the same application with
``Outpour(app)``: in process, and over sockets of each server that
``processes.COMMANDS`` names. Where ours is better on purpose, the entry says so
(``better.py``), and the docs show it.
"""
