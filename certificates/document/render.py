"""From payload to PDF/A-3 (level a): tagged, self-contained, and the same bytes every time."""

from __future__ import annotations

import atexit
import hashlib
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from certificates.document.layout import layout
from certificates.document.payload import Payload
from cloudtuner.errors import CloudTunerError

_HERE = Path(__file__).parent
VARIANT = "pdf/a-3a"


class RenderError(CloudTunerError):
    """The document could not be made."""

    code = "document.render"


@dataclass(frozen=True, slots=True)
class Attachments:
    """The three files inside a certificate, as bytes."""

    claim: bytes
    receipt_proof: bytes
    credential: bytes


@cache
def _style() -> tuple[Any, Any]:
    """The style sheet and the fonts, read once a process. Nothing but the files beside this module can be fetched."""
    # weasyprint loads late: it takes half a second and needs Pango, which only this module may require.
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    return CSS(filename=str(_HERE / "certificate.css"), font_config=fonts, url_fetcher=_fetcher()), fonts


def _fetcher() -> Any:
    from weasyprint.urls import URLFetcher

    class Bundled(URLFetcher):  # type: ignore[misc] # weasyprint ships no types
        """Reads data addresses and our own folder, so that no name in a claim can make the renderer fetch anything."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith(("data:", _HERE.as_uri() + "/")) and ".." not in url:
                return super().fetch(url, headers)
            raise RenderError(f"a certificate refers to nothing outside itself, not to {url[:80]!r}")

    return Bundled(allowed_protocols=("data", "file"))


def render(payload: Payload, attachments: Attachments) -> bytes:
    """The unsealed PDF. Its dates are the block's time and its identifier comes from claim and receipt."""
    from weasyprint import HTML, Attachment

    css, fonts = _style()
    moment = payload.receipt.moment
    identifier = hashlib.sha256(
        f"{payload.claim_hash}:{payload.receipt.block_hash}:{payload.receipt.log_index}".encode()
    ).digest()
    files = [
        Attachment(
            string=data.decode("utf-8"),
            name=name,
            description=description,
            relationship=relationship,
            created=moment,
            modified=moment,
            url_fetcher=_fetcher(),
        )
        for name, data, relationship, description in (
            ("claim.json", attachments.claim, "Source", "The claim that was registered before the retirement"),
            ("receipt-proof.json", attachments.receipt_proof, "Data", "Proof that the Retired event is in its block"),
            ("certificate.vc.json", attachments.credential, "Data", "The certificate as a verifiable credential"),
        )
    ]
    document = HTML(string=layout(payload), base_url=_HERE.as_uri() + "/", url_fetcher=_fetcher())
    with warnings.catch_warnings():
        # WeasyPrint 70 leaves the handle of its own colour profile to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        written = document.write_pdf(
            stylesheets=[css],
            font_config=fonts,
            attachments=files,
            pdf_variant=VARIANT,
            pdf_identifier=identifier[:16].hex().encode(),
            finisher=_each_file_once,
        )
    return bytes(written)


# The fonts' folder is removed by a destructor that needs modules which are gone when the interpreter ends.
atexit.register(_style.cache_clear)


def _each_file_once(document: Any, pdf: Any) -> None:
    """WeasyPrint 70 names every attachment twice in the catalog's /AF; a reader should see each once."""
    del document
    listed = pdf.catalog["AF"]
    once = list(dict.fromkeys(listed))
    listed.clear()
    listed.extend(once)
