"""The views of the catalogue, a file for each kind."""
