"""Archives as bytes, and as the programs that people unpack them with see them."""
