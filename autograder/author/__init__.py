"""What authors of exercises write with: the decorator, domains of inputs, and their files.

A `hidden.py` imports from `autograder.author.exercise` and `autograder.author.domains`.
"""

__all__ = ["domains", "exercise"]
