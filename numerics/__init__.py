"""Numbers from the theory: complexities, thresholds, phase diagrams."""
