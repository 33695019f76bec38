"""Tests of what is released: the two files, installed into empty environments."""
