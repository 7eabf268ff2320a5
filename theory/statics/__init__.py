"""Statics of spherical spin glasses: Parisi's formula and the transitions that it has."""
