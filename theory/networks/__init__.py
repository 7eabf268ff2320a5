"""Mathematics that systems with neural networks share."""
