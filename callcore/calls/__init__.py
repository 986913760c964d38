"""The model of a call and of an agent: pure functions over facts. No sockets, no clocks."""
