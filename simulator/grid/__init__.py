"""The electrical grid of an area: networks with explicit neutral and earth, faults as edits, the solver, generated areas."""
