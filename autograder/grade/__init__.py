"""The pipeline, for one submission or many."""
