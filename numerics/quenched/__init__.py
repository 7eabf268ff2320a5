"""Typical complexity: saddles of the replicated action."""
