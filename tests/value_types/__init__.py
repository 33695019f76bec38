"""Every type that can stand in a cell: what it means, and that all formats say so."""
