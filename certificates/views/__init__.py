"""The pages of certificates, and the public verify page."""
