"""The three drawings of a certificate: its QR code, the issuer's mark, and the border that only this claim has."""

from __future__ import annotations

import base64
import io
import math

import segno

INK, ACCENT, PALE = "#14212b", "#0b5a5e", "#9fb9ba"


def data_uri(svg: str) -> str:
    """An SVG as an address that an <img> or a background can hold."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("ascii")).decode("ascii")


def qr(url: str) -> str:
    """The QR code of an address as an SVG address, error level M, with its quiet zone."""
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        out, kind="svg", border=4, xmldecl=False, svgns=True, nl=False, dark=INK, light="#fff"
    )
    return data_uri(out.getvalue().decode("ascii"))


def mark() -> str:
    """The issuer's mark: a circle of hours, one of them open."""
    ticks = "".join(
        f'<path d="M20 4v6" transform="rotate({hour * 30} 20 20)" stroke="{ACCENT}" stroke-width="2.6"/>'
        for hour in range(12)
        if hour != 1
    )
    return data_uri(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40" fill="none">{ticks}'
        f'<circle cx="20" cy="20" r="5.4" fill="{ACCENT}"/></svg>'
    )


def border(claim_hash: str, *, width_mm: float = 297, height_mm: float = 210) -> str:
    """A border of interlaced waves, every frequency, phase and height of which is read from the claim hash.

    Two claims never have the same border. It is decoration: it proves nothing and is hidden from screen readers.
    """
    seed = bytes.fromhex(claim_hash.removeprefix("0x"))
    inset = 7.5
    wide, high = width_mm - 2 * inset, height_mm - 2 * inset
    around = 2 * (wide + high)
    curves = []
    for family in range(2):
        a, b, c, d, e, f = seed[family * 6 : family * 6 + 6]
        waves, beats = 44 + a % 28, 5 + b % 17
        phase, beat_phase = c / 256, d / 256 * math.tau
        swing, beat = 1.7 + e / 256 * 0.6, 0.25 + f / 256 * 0.35
        half = around / waves / 2

        def point(place: float, crest: float, at: tuple[float, ...] = (swing, beat, beats, beat_phase)) -> str:
            """A point of the strand at a distance along the edge; `crest` is 1 on the inner side and -1 on the outer."""
            height, depth, number, shift = at
            off = height * (1 - depth + depth * math.sin(number * place / around * math.tau + shift)) * crest
            x, y = _at(place % around, off, wide, high)
            return f"{x + inset:.2f} {y + inset:.2f}"

        for strand in range(3):
            start = (phase + strand / 3) * 2 * half
            path = [f"M{point(start, 1)}"]
            for number in range(1, 2 * waves + 1):
                crest, place = (-1) ** number, start + number * half
                # 0.3642 of the half wave is where a cubic with level tangents comes nearest to a sine.
                path.append(
                    f"C{point(place - 0.6358 * half, -crest)} {point(place - 0.3642 * half, crest)} {point(place, crest)}"
                )
            curves.append(f'<path d="{"".join(path)}" stroke="{PALE if family else ACCENT}" stroke-width=".14"/>')
    return data_uri(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm}mm" height="{height_mm}mm" '
        f'viewBox="0 0 {width_mm} {height_mm}" fill="none">{"".join(reversed(curves))}</svg>'
    )


def _at(distance: float, off: float, wide: float, high: float) -> tuple[float, float]:
    """A point on a rectangle's edge, `off` millimetres inwards."""
    if distance < wide:
        return distance, off
    distance -= wide
    if distance < high:
        return wide - off, distance
    distance -= high
    if distance < wide:
        return wide - distance, high - off
    return off, high - (distance - wide)
