"""A page to hand on: one HTML file that says what was verified, and how to verify it again.

    html = page.render([page.Section("mac.plist", report)])

`Report.to_html()` renders one report. The page holds no script and loads nothing: everything that
it shows is in the file, and its content policy forbids the rest. It names the device, so it is for
the operator. Needs the extra `page`; without it the import raises `ImportError`.
"""

from appleattest.page.rendering import render
from appleattest.page.section import Section, Source

__all__ = ["Section", "Source", "render"]
