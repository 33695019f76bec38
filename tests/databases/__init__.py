"""Real databases, and what becomes of their rows on the way through a stream."""
