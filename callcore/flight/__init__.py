"""The flight recorder: what became of each call, and why a card opened or did not."""
