"""CloudTuner: cloud bills become a re-checkable hourly carbon ledger. Importing this loads neither Django nor Celery."""

__version__ = "0.1.0"
