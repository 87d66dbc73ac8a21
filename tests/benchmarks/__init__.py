"""Benchmarks: `make bench`. Nothing here is a test: a machine's speed is nobody's defect."""
