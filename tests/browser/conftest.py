"""Debian's Chromium against the whole platform: one stack per run, a page that remembers what the browser refused."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(os.environ.get("CLOUDTUNER_TEST_RESULTS", ROOT / "test-results"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"


@dataclass(frozen=True)
class Stack:
    """A running platform: where its base host answers, and how to name an organisation's host."""

    base_url: str

    def tenant(self, slug: str) -> str:
        """The origin of an organisation's host."""
        return self.base_url.replace("://", f"://{slug}.", 1)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The platform of CLOUDTUNER_STACK_URL, else one started for this run in a folder of its own."""
    given = os.environ.get("CLOUDTUNER_STACK_URL")
    if given:
        yield Stack(given.rstrip("/"))
        return
    folder = Path(tempfile.mkdtemp(prefix="cloudtuner-browser-"))
    folder.chmod(0o755)  # as root, PostgreSQL runs as another user, who must get in
    log = (folder / "up.log").open("wb")
    command = [sys.executable, "-m", "cloudtuner.cli", "up", "--no-demo", "--data-dir", str(folder / "data")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield Stack(f"http://cloudtuner.localhost:{_port(process, folder)}")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _port(process: subprocess.Popen[bytes], folder: Path) -> int:
    """The web port once the platform serves; fails with the log's end when it never does."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        said = (folder / "up.log").read_text(errors="replace")
        told = folder / "data" / "web.port"
        if "Ready in" in said and told.exists():
            port = int(told.read_text())
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return port
            except (urllib.error.URLError, TimeoutError):
                pass
        time.sleep(0.5)
    raise AssertionError("the platform did not come up:\n" + (folder / "up.log").read_text(errors="replace")[-4000:])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium of the distribution, which calls nobody."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *quiet])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh window with no cookies. Our own fixture: the plugin's still warn under this pytest, and warnings fail."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="Asia/Kolkata")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser refused or a script threw; a test that ends with any of it fails."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield said
    assert said == []


@pytest.fixture(scope="session")
def pictures(delete_output_dir: None) -> Path:
    """Where screenshots go; asked for after pytest-playwright emptied the folder, as it does once per run."""
    folder = RESULTS / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
