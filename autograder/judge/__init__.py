"""From answers to a diagnosis: what differs, what is true of all that is wrong, and a counterexample."""
