"""What must hold before an assignment is released."""
