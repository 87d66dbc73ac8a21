"""Where student code runs: `launcher` is the trusted side, `worker` (with `lock` and `wire`) the other."""
