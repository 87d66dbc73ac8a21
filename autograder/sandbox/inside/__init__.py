"""What runs with the student's code: the standard library, NumPy and `border` alone."""
