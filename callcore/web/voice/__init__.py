"""The pages of the voice: messages, call-backs, topic tables, the IVR."""
