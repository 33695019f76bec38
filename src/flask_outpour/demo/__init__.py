"""A SQLite file enters; a server of its rows, with and without Outpour, leaves."""
