"""Endings: each is one, is told once, and cuts the connection if it must."""
