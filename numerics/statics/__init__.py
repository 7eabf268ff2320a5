"""Statics of spherical spin glasses as numbers."""
