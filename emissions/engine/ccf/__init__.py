"""Cloud Carbon Footprint's method (aws 0.15.0), written anew from its published formula and constants, for comparison.

Nothing of the product's own figures comes from here.
"""
