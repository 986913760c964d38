"""Campaigns: who is told what, by which way, when again, and what became of it."""
