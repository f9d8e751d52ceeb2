"""The HTML report in a real browser, made of what a hostile publisher would send: nothing runs, nothing leaves, nothing is added."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.full_samples import full_report
from tests.app.test_report_full import Seen
from tests.server import Server, reply
from tests.support.browser import find_browser, loaded
from watcher.app.report_html import html_report

HOSTILE = (
    '<script>document.title="owned";fetch("{url}/script")</script>',
    '"><img src="{url}/image" onerror="document.title=\'owned\'">',
    '\'><svg onload="document.title=\'owned\'"><image href="{url}/svg"/></svg>',
    '</style><style>body{{background:url("{url}/style")}}</style>',
    '</title><meta http-equiv="refresh" content="0;url={url}/refresh"><base href="{url}/">',
    '<iframe srcdoc="<script>parent.document.title=1</script>" src="{url}/frame"></iframe>',
    '<link rel="stylesheet" href="{url}/link"><object data="{url}/object"></object>',
    "]]><!--<a href=\"javascript:document.title='owned'\" autofocus onfocus=\"document.title='owned'\">x</a>-->",
    '<form action="{url}/form"><input autofocus onfocus="this.form.submit()"></form>',
    "\u202e\u2066<x onmouseover=alert(1)>\x00\x1b]8;;{url}\x07",
)


@pytest.fixture
def server():
    with Server() as running:
        running.on("/script", reply(b"", content_type="text/plain"))
        yield running


def test_the_browser_would_show_a_script_that_ran(tmp_path: Path, server: Server) -> None:
    page = tmp_path / "control.html"
    url = server.url("/script")
    page.write_text(
        f"<!doctype html><title>calm</title><script>document.title='owned';new Image().src='{url}'</script>"
    )

    assert "<title>owned</title>" in loaded(page)
    assert [request.path for request in server.requests] == ["/script"]


def test_i01_i02_i03_nothing_runs_leaves_or_is_added_in_a_real_browser(tmp_path: Path, server: Server) -> None:
    find_browser()
    url = server.url("")
    page = tmp_path / "report.html"
    calm = html_report(full_report("calm"))
    text = " ".join(HOSTILE).format(url=url)
    page.write_text(html_report(full_report(text, f"javascript:fetch('{url}/link')")), encoding="utf-8")
    shown = loaded(page)

    assert server.requests == []
    assert "<title>owned</title>" not in shown
    seen = Seen(shown)
    assert set(seen.elements) == set(Seen(calm).elements)
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name in ("src", "style")]
