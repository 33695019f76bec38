"""What the documentation claims of speed and memory, one file for each claim."""
