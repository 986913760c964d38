"""The voice menu: its flow and machine are pure, the FastAGI server is the shell around them."""
