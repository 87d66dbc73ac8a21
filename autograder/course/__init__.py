"""Course: nbgrader around the grading engine. Release, collect, record, export; never a fork or a patch of nbgrader."""
