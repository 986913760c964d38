"""The rooms joined: what the daemon builds at its start and keeps going, one module for each job.

``callcore.app`` runs them; nothing below knows of them. ``wiring`` opens the base, the directory and the
queues of effects, ``office`` the record, ``pages`` the web application, ``answering`` and ``voice`` the IVR,
``outgoing`` the outages.
"""
