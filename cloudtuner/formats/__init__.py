"""How dates read where Django writes them itself, as in the admin: like on our own pages."""
