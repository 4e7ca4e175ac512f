"""The pictures of the README, taken from a real JupyterLab: `python -m tools.screenshots`. Writes docs/images/*.png."""

import shutil
import tempfile
from pathlib import Path

from tests.browser import ROOT, Watch, chromium, jupyterlab

IMAGES = ROOT / "docs" / "images"
BIGGEST = 300_000  # bytes
PROMPT = {"zh": "今天天气不错，我决定", "en": "The weather is nice today, so I decided to"}


def cells(lang: str) -> list[str]:
    setup = [
        "from aigc_course.i18n import set_lang",
        "from aigc_course.widgets.sampling import SteeringWheel",
        "from aigc_course.widgets.tokens import TokenExplorer",
        f"set_lang({lang!r})",
    ]
    return ["\n".join(setup), f"SteeringWheel({PROMPT[lang]!r})", "TokenExplorer()"]


def settle(page) -> None:
    page.wait_for_function("!document.querySelector('.wheel').hasAttribute('aria-busy')")


def steer(page) -> None:
    """A text written to its end, another way taken beside it, the sliders moved: everything the wheel can show."""
    wheel = page.locator(".wheel")
    given = wheel.locator(".chip").count()
    for _ in range(12):
        if wheel.locator(".ended").is_visible():
            break
        wheel.locator("button.candidate").first.click()
        settle(page)
    wheel.locator(".chip").nth(given - 1).click()
    settle(page)
    wheel.locator("button.candidate").nth(1).click()
    settle(page)
    wheel.locator(".chip").nth(given - 1).click()
    settle(page)
    wheel.locator("input[type=range]").nth(0).fill("1.5")
    wheel.locator("input[type=range]").nth(1).fill("6")
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)


def explore(page) -> None:
    """A text with a rare character, whose bytes are several tokens, and a replay halfway."""
    explorer = page.locator(".explorer")
    explorer.locator("textarea").first.fill("今天天气不错，我决定去公园放风筝")
    page.wait_for_function("document.querySelector('.explorer .figures b').textContent !== '8'")
    steps = explorer.locator(".replay input[type=range]")
    steps.fill(str(int(steps.get_attribute("max")) * 2 // 3))
    page.evaluate("document.activeElement.blur()")
    explorer.locator(".side .token").nth(1).hover()
    page.wait_for_timeout(300)


def main() -> None:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        raise SystemExit("Chromium is not installed (Debian: apt install chromium)")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder)) as lab, chromium(executable) as browser:
        for lang in ("zh", "en"):
            lab.write(f"{lang}.ipynb", cells(lang))
            page = lab.open(browser, f"{lang}.ipynb", Watch(), width=1200, height=2000, device_scale_factor=1.5)
            page.locator(".explorer").wait_for()
            for name, show, widget in (("steering", steer, ".wheel"), ("tokens", explore, ".explorer")):
                show(page)
                path = IMAGES / f"{name}_{lang}.png"
                page.locator(widget).screenshot(path=path)
                size = path.stat().st_size
                print(f"{path.relative_to(ROOT)}: {size // 1000} kB")
                if size > BIGGEST:
                    raise SystemExit(f"{path.name} has {size} bytes, more than {BIGGEST}: show less in it.")
            page.close()


if __name__ == "__main__":
    main()
