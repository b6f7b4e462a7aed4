"""One bill by three hands: our method, Cloud Carbon Footprint's, and the provider's own export, each difference explained."""
