"""The commands of ``callcore``: each module holds one or two, and nothing here is imported from below."""
