"""Shipped fakes, and the laboratory: a private Asterisk with real SIP callers and phones."""
