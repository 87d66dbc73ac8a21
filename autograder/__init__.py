"""Property-based grading of neural-network exercises, with the tests outside the student's process."""
