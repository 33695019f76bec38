"""The testing kit on real servers, and what it makes of views that do not stream."""
