"""The network's addresses on the public host, under /poce/v1/."""

from __future__ import annotations

from django.urls import path, re_path

from tokens import api

app_name = "poce_network"

urlpatterns = [
    path("network", api.NetworkView.as_view(), name="network"),
    re_path(r"^reports/(?P<report_hash>0x[0-9a-f]{64})$", api.ReportView.as_view(), name="report"),
    path("epochs/<int:number>", api.EpochView.as_view(), name="epoch"),
    path("epochs/<int:number>/bundle", api.BundleView.as_view(), name="bundle"),
    path("epochs/<int:number>/votes", api.VotesView.as_view(), name="votes"),
    path("rounds/<int:number>", api.RoundView.as_view(), name="round"),
    path("rounds/<int:number>/list", api.RoundListView.as_view(), name="round_list"),
    path("rounds/<int:number>/votes", api.RoundVotesView.as_view(), name="round_votes"),
    path("rounds/<int:number>/claims/<str:node>", api.RoundClaimView.as_view(), name="round_claim"),
]
