"""The page in a browser: nothing is wider than the window, no text leaves its drawing."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest

pytest.importorskip("jinja2", reason="needs Jinja2: pip install 'appleattest[page]'")

from pages import AT, accepted, refused, unverified

from appleattest import decode_unverified, page
from appleattest.testing import AttestationAuthority, Properties, apple_shape

if TYPE_CHECKING:
    from pathlib import Path

BROWSER: Final = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--allow-file-access-from-files",
    "--virtual-time-budget=5000",
    "--window-size=1400,1000",
    "--dump-dom",
)
# The page has no script: this one, around it, measures it.
HARNESS: Final = """<!doctype html><body><iframe id="f" src="page.html" style="border:0;width:%dpx;
height:900px"></iframe><pre id="out"></pre><script>
document.getElementById("f").onload = (event) => {
  const page = event.target.contentDocument, root = page.documentElement, wide = [];
  for (const svg of page.querySelectorAll("figure svg"))
    for (const text of svg.querySelectorAll("text")) {
      const box = text.getBBox(), view = svg.viewBox.baseVal;
      if (box.x + box.width > view.width || box.y + box.height > view.height)
        wide.push(text.textContent);
    }
  document.getElementById("out").textContent = JSON.stringify({
    scroll: root.scrollWidth, client: root.clientWidth, wide,
    margin: getComputedStyle(page.body).margin,
    grid: getComputedStyle(page.querySelector(".grid")).gridTemplateColumns.split(" ").length,
  });
};</script></body>"""


def measured(folder: Path, document: str, width: int) -> dict[str, Any]:
    assert BROWSER is not None
    (folder / "page.html").write_text(document, encoding="utf-8")
    harness = folder / "harness.html"
    harness.write_text(HARNESS % width, encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [BROWSER, *FLAGS, profile, harness.as_uri()]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    (found,) = re.findall(r'<pre id="out">(.*?)</pre>', done.stdout, flags=re.DOTALL)
    result: dict[str, Any] = json.loads(html.unescape(found))
    return result


def hostile() -> page.Section:
    name = "W" * 64
    authority = AttestationAuthority("wide", intermediate_name=apple_shape.authority_name(name))
    chain = authority.attest(properties=Properties(serial_number="W" * 200), at=AT)
    return unverified(decode_unverified(chain), title="W" * 200)


@pytest.mark.skipif(BROWSER is None, reason="no browser: apt-get install chromium")
@pytest.mark.parametrize(("width", "columns"), [(390, 1), (1280, 2)])
def test_nothing_is_wider_than_the_window(tmp_path: Path, width: int, columns: int) -> None:
    document = page.render([accepted(), refused(), unverified(), hostile()])
    found = measured(tmp_path, document, width)
    assert found["scroll"] <= found["client"]
    assert found["client"] in range(width - 20, width + 1)
    assert found["wide"] == []
    assert found["grid"] == columns
    assert found["margin"] == "0px", "the policy of the page refused its own style"


@pytest.mark.skipif(BROWSER is None, reason="no browser: apt-get install chromium")
def test_the_measurement_sees_what_is_too_wide(tmp_path: Path) -> None:
    document = page.render([accepted()]).replace("<main>", "<main><svg width=2000></svg>")
    found = measured(tmp_path, document, 390)
    assert found["scroll"] > found["client"]
