"""Boxes, text and arrows in SVG, and the card that every picture stands on."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

STYLE: Final = """\
  <style>
    text { font: 15px system-ui, sans-serif; fill: #1f2328; }
    .code { font: 13px ui-monospace, monospace; }
    .note { font-size: 13px; fill: #57606a; }
    .bold { font-weight: 600; }
    .middle { text-anchor: middle; }
    .end { text-anchor: end; }
    .card { fill: #ffffff; stroke: #d0d7de; }
    .box { fill: #f6f8fa; stroke: #6e7781; }
    .ours { fill: #ddf4ff; stroke: #0969da; }
    .line { fill: none; stroke: #57606a; stroke-width: 1.5; }
    .lane { stroke: #afb8c1; stroke-dasharray: 4 4; }
    .head { fill: #57606a; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .note { fill: #9da7b3; }
      .card { fill: #161b22; stroke: #30363d; }
      .box { fill: #21262d; stroke: #8b949e; }
      .ours { fill: #0c2d6b; stroke: #58a6ff; }
      .line { stroke: #9da7b3; }
      .lane { stroke: #484f58; }
      .head { fill: #9da7b3; }
    }
  </style>
  <defs>
    <marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4"
      markerWidth="8" markerHeight="8" orient="auto">
      <path class="head" d="M0 0 8 4 0 8z"/>
    </marker>
  </defs>"""


def text(x: float, y: float, words: str, style: str = "") -> str:
    """One line of text, its baseline at y."""
    return f'  <text x="{x:g}" y="{y:g}" class="{style}">{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, style: str = "box") -> str:
    """A rectangle with round corners."""
    return (
        f'  <rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"'
        f' class="{style}"/>'
    )


def arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    """A straight arrow."""
    return f'  <path class="line" marker-end="url(#arrow)" d="M{x1:g} {y1:g}L{x2:g} {y2:g}"/>'


def picture(title: str, description: str, width: int, height: int, body: Sequence[str]) -> str:
    """A whole SVG document, on a card of its own so that any page can hold it."""
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
                f' width="{width}" height="{height}" role="img" aria-labelledby="title desc">'
            ),
            f'  <title id="title">{escape(title)}</title>',
            f'  <desc id="desc">{escape(description)}</desc>',
            STYLE,
            (
                f'  <rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10"'
                ' class="card"/>'
            ),
            *body,
            "</svg>\n",
        ]
    )
