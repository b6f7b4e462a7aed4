"""The factor sets that ship with CloudTuner, one folder each. A published set never changes."""
