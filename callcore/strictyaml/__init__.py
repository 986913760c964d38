"""YAML that guesses nothing: every scalar is text until a schema says otherwise, every fault has its line."""
