"""Cases and tasks: forms, stages with terms, deadlines (D-42 to D-47, D-75, D-90, D-91)."""
