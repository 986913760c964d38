"""callcore: call-centre middleware for Asterisk."""

__version__ = "0.6.0"
