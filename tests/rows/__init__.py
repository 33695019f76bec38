"""Sources of every kind, and the rows that come of them."""
