"""Bills where the provider delivers them: object stores, read and never written. Alone with the cloud SDK."""
