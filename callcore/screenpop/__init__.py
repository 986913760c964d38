"""The operator's desk without its pages: what he sees, and how it reaches him."""
