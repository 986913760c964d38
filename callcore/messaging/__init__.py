"""Gateways for SMS: SMPP, and a dry one that writes into a file; alphabets and parts of a text (pure)."""
