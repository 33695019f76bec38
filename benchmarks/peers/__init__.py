"""The same rows as other ways to stream them send them, each as its own docs say."""
