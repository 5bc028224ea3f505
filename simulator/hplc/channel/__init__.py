"""The power-line channel of an area: lines, branches, phases, contacts and noise."""
