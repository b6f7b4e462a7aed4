"""From bill lines to integer micrograms: rate card, one fact query, recomputation and trace."""
