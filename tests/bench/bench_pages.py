"""How fast do pages answer when many people look at once? Against a running installation, by threads and plain HTTP.

`make bench-pages` asks the demo organisation of `make up`, or that of `BENCH="--data FOLDER"`. Each person
looks at the dashboard, the ledger and the claims, one after the other, without a pause: 50 of them are far more than 50
people at their desks. All share one log-in, since log-ins are counted against guessing.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import threading
import time
from collections import defaultdict
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode, urlsplit

SLUG = "aravali-demo"
PAGES = {
    "dashboard": "/",
    "ledger": "/ledger/",
    "ledger by month and service": "/ledger/?group=month&group2=service",
    "claims": "/records/",
}


class Visitor:
    """One browser of one person: its connection stays open, its cookies are its own."""

    def __init__(self, origin: str, cookies: dict[str, str] | None = None) -> None:
        at = urlsplit(origin)
        self.host = at.netloc
        # Names under .localhost are this machine's; the Host header says which organisation is meant.
        self.connection = http.client.HTTPConnection(
            "127.0.0.1" if ".localhost" in at.netloc else str(at.hostname), at.port or 80
        )
        self.cookies = dict(cookies or {})

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and text of one request; a form is posted."""
        headers = {"Host": self.host, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}"}
        self.connection.request("POST" if form is not None else "GET", path, urlencode(form or {}), headers)
        answer = self.connection.getresponse()
        text = answer.read().decode(errors="replace")
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, text


def logged_in(base: str, email: str, password: str) -> dict[str, str]:
    """The cookies of somebody who logged in; the base host sets them for every organisation's host."""
    visitor = Visitor(base)
    _, page = visitor.ask("/accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    form = {"login": email, "password": password, "csrfmiddlewaretoken": token[1] if token else ""}
    status, text = visitor.ask("/accounts/login/", form)
    if status != 302:
        raise SystemExit(f"log-in answered {status}: {' '.join(re.sub('<[^>]+>', ' ', text).split())[:200]}")
    return visitor.cookies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".data"), help="where the running installation keeps its own")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    asked = parser.parse_args()
    told = json.loads((asked.data / "demo" / "login.json").read_text())
    base = f"http://cloudtuner.localhost:{(asked.data / 'web.port').read_text().strip()}"
    origin = base.replace("://", f"://{SLUG}.")
    cookies = logged_in(base, told["email"], told["password"])
    took: dict[str, list[float]] = defaultdict(list)
    wrong: dict[str, int] = defaultdict(int)
    end = time.monotonic() + asked.seconds

    def look(place: int) -> None:
        visitor, names = Visitor(origin, cookies), list(PAGES)
        while time.monotonic() < end:
            name = names[place % len(names)]
            begun = time.monotonic()
            try:
                status, _ = visitor.ask(PAGES[name])
            except (OSError, http.client.HTTPException):
                status, visitor = 0, Visitor(origin, cookies)
            took[name].append(time.monotonic() - begun)
            wrong[name] += status != 200
            place += 1

    people = [threading.Thread(target=look, args=(place,)) for place in range(asked.users)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    whole = sum(len(times) for times in took.values())
    print(f"{asked.users} people, {asked.seconds:g} s, {whole} pages, {whole / asked.seconds:.1f} a second")
    for name, times in sorted(took.items()):
        cuts = quantiles(times, n=20) if len(times) > 1 else times * 19
        print(
            f"{name:30} p50 {cuts[9] * 1000:7.0f} ms   p95 {cuts[18] * 1000:7.0f} ms   {len(times):5} asked, {wrong[name]} failed"
        )


if __name__ == "__main__":
    main()
