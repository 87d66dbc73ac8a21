"""Where student code runs: `launcher` and `parent` are the trusted side, `worker` and what it imports the other."""
