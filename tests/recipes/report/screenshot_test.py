#!/usr/bin/env python3
"""Looks at the report as a browser shows it.

Usage: screenshot_test.py EXAMPLE_PROGRAM [KEEP_DIRECTORY]

Renders the example run's report without network in headless Chromium: no
console message, no reference to anything outside the file, pictures that are
not blank in light and dark, nothing wider than a phone. Exits with 77 when
there is no Chromium (after the checks that need none).
"""

import html.parser
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

SKIPPED = 77
BROWSERS = ["chromium", "chromium-browser", "google-chrome",
            "google-chrome-stable", "chrome"]
VOID = {"meta", "br", "img", "link", "input", "hr"}
# What a report is made of; the parser must not find anything else.
ALLOWED = set("""html head meta title style body main header h1 h2 h3 h4 p nav a
    section div span b bdi mark code pre ul li table thead tbody tr th td figure
    figcaption svg text rect line path circle br details summary
    title""".split())


class Structure(html.parser.HTMLParser):
    """Collects what is wrong with the markup."""

    def __init__(self):
        super().__init__()
        self.errors, self.stack, self.ids, self.targets = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        if tag not in ALLOWED:
            self.errors.append(f"element <{tag}>")
        for name, value in attributes:
            if name.startswith("on") or name in ("src", "srcset", "action"):
                self.errors.append(f"attribute {name}={value}")
            if name == "href":
                self.targets.append(value)
            if name == "id":
                self.ids.append(value)

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.errors.append(f"</{tag}> closes nothing")


def check_links(folder, pages):
    """Every link leads to a part of a page that is there."""
    ids = {}
    for page, text in pages.items():
        structure = Structure()
        structure.feed(text)
        ids[page.resolve()] = structure
    errors = []
    for page, structure in ids.items():
        for target in structure.targets:
            file, _, part = target.partition("#")
            to = (page.parent / file).resolve() if file else page
            if to not in ids or part and part not in ids[to].ids:
                errors.append(f"{page.relative_to(folder)}: link to {target}")
    return errors


def check_markup(text):
    structure = Structure()
    structure.feed(text)
    structure.close()
    errors = structure.errors
    errors += [f"<{tag}> is never closed" for tag in structure.stack]
    errors += [f"link to {target}" for target in structure.targets
               if re.match(r"[^#]*:", target) or target.startswith("/")]
    errors += [f"id {name} twice" for name in set(structure.ids)
               if structure.ids.count(name) > 1]
    style = text[text.index("<style>"):text.index("</style>")]
    for pattern in (r"https?:", r"@import", r"url\("):
        if re.search(pattern, style):
            errors.append(f"{pattern} in the style sheet")
    if re.search(r"https?://", text):
        errors.append("an address on the network")
    return errors


class Browser:
    def __init__(self, program, profile):
        self.arguments = [
            program, "--headless", "--no-sandbox", "--disable-gpu",
            "--hide-scrollbars", "--no-first-run", "--disable-extensions",
            "--disable-background-networking", "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--allow-file-access-from-files", "--virtual-time-budget=10000",
            f"--user-data-dir={profile}", "--enable-logging=stderr"]

    def run(self, path, *more):
        """(standard output, console messages) of one visit."""
        result = subprocess.run(
            self.arguments + list(more) + [path.as_uri()], timeout=120,
            capture_output=True, text=True, errors="replace")
        if result.returncode != 0:
            raise SystemExit(f"browser failed on {path}:\n{result.stderr}")
        return result.stdout, [line for line in result.stderr.splitlines()
                               if "CONSOLE" in line]

    def picture(self, path, target, width, height, dark=False):
        # 0 is dark, 1 is light (blink::mojom::PreferredColorScheme).
        self.run(path, f"--screenshot={target}",
                 f"--window-size={width},{height}",
                 f"--blink-settings=preferredColorScheme={0 if dark else 1}")
        return read_png(target.read_bytes())


def unfilter(kind, line, above, size):
    """One line of a PNG (RFC 2083, section 6)."""
    if kind == 1:
        for i in range(size, len(line)):
            line[i] = (line[i] + line[i - size]) & 255
    elif kind == 2:
        for i, up in enumerate(above):
            line[i] = (line[i] + up) & 255
    elif kind == 3:
        for i, up in enumerate(above):
            left = line[i - size] if i >= size else 0
            line[i] = (line[i] + (left + up) // 2) & 255
    elif kind == 4:
        for i, up in enumerate(above):
            left, corner = (line[i - size], above[i - size]) if i >= size \
                else (0, 0)
            a, b, c = abs(up - corner), abs(left - corner), \
                abs(left + up - 2 * corner)
            best = left if a <= b and a <= c else up if b <= c else corner
            line[i] = (line[i] + best) & 255


def read_png(data):
    """Lines of (r, g, b) tuples of an 8-bit picture without interlacing."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG"
    at, packed, header = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        at += length + 12
    width, height, depth, colour, _, _, interlaced = header
    assert depth == 8 and colour in (2, 6) and not interlaced, header
    size = 3 if colour == 2 else 4
    raw, lines = zlib.decompress(packed), []
    above = bytearray(width * size)
    for y in range(height):
        begin = y * (width * size + 1)
        line = bytearray(raw[begin + 1:begin + 1 + width * size])
        unfilter(raw[begin], line, above, size)
        above = line
        lines.append(list(zip(line[0::size], line[1::size], line[2::size])))
    return lines


def check_picture(name, lines, page):
    """A page of this colour with text and several colours on it."""
    errors = []
    pixels = [pixel for line in lines for pixel in line]
    background = sum(pixel == page for pixel in pixels) / len(pixels)
    if lines[0][0] != page:
        errors.append(f"{name}: corner is {lines[0][0]}, the page is {page}")
    if not 0.3 < background < 0.99:
        errors.append(f"{name}: {background:.1%} of it is background")
    strong = {pixel for pixel in pixels if max(pixel) - min(pixel) > 60}
    if len(strong) < 20:
        errors.append(f"{name}: only {len(strong)} strong colours")
    return errors


# Shows the report in a frame as wide as a phone (windows may not be so narrow)
# and writes what sticks out into its own document.
MEASURE = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe id="f" src="%s" style="width:%dpx;height:20000px;border:0"></iframe>
<pre id="result">no result</pre><script>
document.getElementById("f").onload = function () {
  const page = this.contentDocument, root = page.documentElement;
  const found = [];
  if (root.scrollWidth > root.clientWidth)
    found.push("page " + root.scrollWidth + " > " + root.clientWidth);
  let seen = 0;
  for (const one of page.querySelectorAll("body *")) {
    const box = one.getBoundingClientRect();
    if (box.width) ++seen;
    if (one.closest(".scroll") && !one.classList.contains("scroll")) continue;
    if (box.width && (box.right > root.clientWidth + 0.5 || box.left < -0.5))
      found.push(one.tagName + " " + box.left + ".." + box.right + " " +
                 one.textContent.slice(0, 40));
  }
  document.getElementById("result").textContent =
      "elements " + seen + "\\n" + found.join("\\n");
};
</script>"""


def check_width(browser, folder, report, width):
    frame = folder / f"frame-{width}.html"
    frame.write_text(MEASURE % (report.as_uri(), width))
    dom, _ = browser.run(frame, "--dump-dom", "--window-size=1200,2000")
    result = re.search(r'<pre id="result">(.*?)</pre>', dom, re.S)
    lines = result.group(1).strip().splitlines() if result else ["no result"]
    match = re.fullmatch(r"elements (\d+)", lines[0])
    if not match or int(match.group(1)) < 200:
        return [f"at {width} pixels: {lines[0]}"]
    return [f"at {width} pixels sticks out: {line}" for line in lines[1:6]]


def check_detection(browser, folder):
    """The checks above must be able to fail."""
    page = folder / "forbidden.html"
    page.write_text(
        '<!DOCTYPE html><meta http-equiv="Content-Security-Policy" content="'
        "default-src 'none'; style-src 'unsafe-inline'\"><body>"
        "<div style='width:2000px'>" + "<b>x</b>" * 300 +
        "<script>1</script><img src='http://limbeck.invalid/a.png'>")
    _, messages = browser.run(page, "--dump-dom")
    errors = []
    if not any("Content Security Policy" in line for line in messages):
        errors.append("a forbidden script raised no console message")
    if not any("DIV" in line for line in
               check_width(browser, folder, page, 390)):
        errors.append("a page that is too wide was not found")
    if not check_markup("<style></style>" + page.read_text()):
        errors.append("a forbidden page has good markup")
    return errors


def check_in_browser(program, folder, reports):
    browser = Browser(program, folder / "profile")
    errors = check_detection(browser, folder)
    for name, report in reports.items():
        dom, messages = browser.run(report, "--dump-dom")
        errors += [f"{name}: {line}" for line in messages]
        last = ("samples" if name == "samples" else "provenance"
                if report.name == "report.html" else "settings")
        if f'<section id="{last}">' not in dom:
            errors.append(f"{name}: the page ends early")
        for width in (390, 1000):
            errors += [f"{name}: {line}" for line in
                       check_width(browser, folder, report, width)]
    light, dark = (255, 255, 255), (0x14, 0x18, 0x1f)
    for name, width, is_dark in (("wide", 1000, False), ("narrow", 500, False),
                                 ("dark", 700, True)):
        lines = browser.picture(reports["plain"], folder / f"{name}.png", width,
                                1100, is_dark)
        errors += check_picture(name, lines, dark if is_dark else light)
    for name, width, is_dark in (("aime", 1280, False), ("math", 1280, True),
                                 ("math", 500, False), ("aime", 500, True)):
        lines = browser.picture(reports[name], folder / f"{name}-{width}.png",
                                width, 1100, is_dark)
        errors += check_picture(f"{name} {width}", lines,
                                dark if is_dark else light)
    paper = folder / "report.pdf"
    browser.run(reports["plain"], f"--print-to-pdf={paper}")
    if not paper.exists() or paper.read_bytes()[:5] != b"%PDF-":
        errors.append("no PDF was printed")
    return errors


def main():
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else temporary).resolve()
        reports, errors = {}, []
        for name in ("plain", "hostile", "benchmarks"):
            command = [program, folder / name] + [name] * (name != "plain")
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            reports[name] = folder / name / "report.html"
            pages = {page: page.read_text(encoding="utf-8") for page in
                     [reports[name]] + sorted(
                         (folder / name / "report_pages").glob("*.html"))}
            for page, text in pages.items():
                errors += [f"{name}: {page.name}: {line}"
                           for line in check_markup(text)]
            errors += check_links(folder / name, pages)
        # Shown in the browser as well: a map of 30 and one of 500 problems,
        # a page of samples, and one of hostile ones.
        more = folder / "benchmarks" / "report_pages"
        reports["aime"] = more / "aime24.html"
        reports["math"] = more / "math500.html"
        reports["samples"] = more / "math500-2.html"
        reports["hostile exam"] = next(
            (folder / "hostile" / "report_pages").glob("*aime*.html"))
        browser = next(filter(None, map(shutil.which, BROWSERS)), None)
        if browser:
            errors += check_in_browser(browser, folder, reports)
    print("\n".join(errors))
    if errors:
        return 1
    if not browser:
        print("SKIPPED: no chromium")
        return SKIPPED
    print("the report renders")
    return 0


if __name__ == "__main__":
    sys.exit(main())
