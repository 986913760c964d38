"""Pages and API of the record: one module for each feature, its API beside it."""
