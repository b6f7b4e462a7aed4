"""Settings by mode: embedded (one machine, `make up`), production, test. Read them through django.conf."""
