"""What nbgrader loads by name."""
