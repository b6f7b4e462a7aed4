"""The pages of claims, lots, retirements and the public network."""
