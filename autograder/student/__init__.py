"""What a student runs: visible cases at once, on their own machine, with NumPy alone and no reference."""
