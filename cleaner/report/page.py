"""The report as one HTML file that needs no network and runs no script but its own."""

import base64
import hashlib
import json
import shlex
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from cleaner.config.display import share_text, size_text, visible
from cleaner.report.contents import Contents

SECTIONS = {
    "first": "First", "phases": "So far", "funnel": "Funnel", "groups": "Languages, sources",
    "rules": "Rules", "whatif": "What if", "duplicates": "Duplicates",
    "benchmarks": "Benchmarks", "audit": "Audit",
    "samples": "Samples", "made": "Made",
}  # fmt: skip


def render(contents: Contents) -> str:
    """Return the page.

    Its policy allows the style and the script of this package by their hashes, and nothing else:
    no request, no inline handler, no frame. Whatever comes from a corpus is text.
    """
    style, script = _asset("page.css"), _asset("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    page = _environment().get_template("page")
    return page.render(
        c=contents,
        sections={anchor: title for anchor, title in SECTIONS.items() if _there(contents, anchor)},
        css=Markup(style),
        script=Markup(script),
        policy=policy,
        data=_data(contents),
    )


def _there(contents: Contents, anchor: str) -> bool:
    c = contents
    parts = {
        "first": True, "phases": c.phases, "funnel": c.funnel, "groups": c.groups,
        "rules": c.filters, "whatif": c.sliders, "duplicates": c.duplicates,
        "benchmarks": c.benchmarks,
        "audit": c.audit or c.audit_note, "samples": c.samples, "made": c.made_with,
    }  # fmt: skip
    return bool(parts[anchor])


def _data(contents: Contents) -> Markup:
    """Return what the script reads, as JSON that no HTML parser can leave."""
    plain = {
        "path": shlex.quote(contents.path),
        "sliders": [one.plain() for one in contents.sliders],
    }
    text = json.dumps(plain, ensure_ascii=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _asset(name: str) -> str:
    return files("cleaner.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _environment() -> Environment:
    made = Environment(
        loader=DictLoader({"page": _asset("page.html.j2")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
    )
    made.filters |= {"count": lambda number: f"{number:,}", "percent": _percent, "size": size_text}
    return made


def _seen(value: Any) -> Any:
    """Return what is put into the page: of foreign text what is seen, never what commands."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _percent(share: float | None) -> str:
    return "" if share is None else share_text(share, 1)
