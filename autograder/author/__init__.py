"""What authors of exercises write with: the decorator, domains of inputs, and their files."""
