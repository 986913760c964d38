"""Recordings of the manager interface, made from real Asterisk: one per story and version.

`python -m callcore.testing.recording` plays every story on Asterisk 16 and 22 and writes what an AMI login
with the product's account read meanwhile, byte by byte, to `tests/fixtures/ami/<story>.<version>.ami`.
"""
