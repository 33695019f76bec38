"""Real servers, and what each makes of a stream."""
