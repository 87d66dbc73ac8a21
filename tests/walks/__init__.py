"""Walks: one story each, on the real parts, with what a person is told to type and nothing else."""
