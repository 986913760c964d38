"""Topic tables and what follows from them: hours, the menu, the route of a call. Pure."""
