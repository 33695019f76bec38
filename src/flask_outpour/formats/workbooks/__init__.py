"""Batches of rows enter; the parts of an Excel workbook leave.

::

    batch ──► columns of cells ──► rows of a sheet ──► parts of a workbook
              cells, serials,      sheets, totals      parts, styles,
              texts, links                             sheet_names

What the options say of a table is its layout: :mod:`layouts`.

The elements are those of SpreadsheetML, ISO/IEC 29500-1, section 18. What Excel takes
beyond that, and what it refuses, is in Microsoft's [MS-OI29500] and its page
"Excel specifications and limits".
"""
