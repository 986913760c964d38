"""The outage register: what is published, whom it affects, and in which words it is told."""
