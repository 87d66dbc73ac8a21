"""What was handed in, read with limits, and the ways in which it can be brought to life."""
