"""Report: results as people read them, on a terminal and as HTML inside a notebook."""
