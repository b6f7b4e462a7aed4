"""Bills as files: which format, which columns mean what, and which units they count in. Pure: nothing runs here."""
