"""The pages of people and organisations: public ones and the settings."""
