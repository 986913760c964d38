"""What callcore knows about customers by itself: the own base, its import, the topics to choose from."""
