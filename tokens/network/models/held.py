"""Which nodes wait outside of what is sealed, and why."""

from __future__ import annotations

from django.db import models


class HeldNode(models.Model):
    """A node that the next epoch or airdrop round leaves out, since the contract would refuse what it would pay it.

    Written by each look of the sealer, gone once the node fits. One a node and track.
    """

    class Track(models.TextChoices):
        EPOCH = "epoch", "Epochs"
        ROUND = "round", "Airdrop rounds"

    chain_id = models.BigIntegerField()
    track = models.CharField(max_length=5, choices=Track.choices)
    node = models.CharField(max_length=66)
    reason = models.TextField(help_text="A sentence with the figures.")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "track", "node"], name="held_node_once_a_track")]
        ordering = ["track", "since", "node"]

    def __str__(self) -> str:
        return f"{self.node} left out of {self.get_track_display()}"
