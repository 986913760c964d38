"""Measurements with a goal each; ``python -m benchmarks [--only NAME]`` prints one JSON object a line."""
