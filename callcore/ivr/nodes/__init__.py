"""The nodes of the IVR's file, kind by kind: what is done on entering one, and what follows an event. Pure.

Each kind has ``enter(flow, node, place)`` and, where it waits for something, ``take(flow, node, place, …)``.
Both give the place and either an action, after which the caller is still in this node, or the name of the
next one.
"""
