"""Cases: inputs drawn once per assignment, with what the references and every misconception give for them."""
