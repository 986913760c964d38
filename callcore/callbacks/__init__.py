"""Wishes to be called back, carried out: whom to call next, when, and what became of it."""
