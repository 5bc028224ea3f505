"""The simulated transformer area: what meters read, and the wires that they answer on."""
