"""Pages that look across all rooms: the overview, and the thread of a figure from certificate to bill line."""
