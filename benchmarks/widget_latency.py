"""From moving a slider to the painted bars: the steering wheel against ipywidgets.interact with matplotlib.

Both stand in one notebook of a real JupyterLab in a headless Chromium, show the same distribution at the same slider
(the temperature), and are moved in turn, so that whatever else the machine does hits both. A move lasts from the input
event until two animation frames after the new bars are in the page (for interact: after its new image is decoded).
"""

import statistics
import tempfile
from pathlib import Path

from tests.browser import Watch, chromium, find_chromium, jupyterlab

MOVES = 80
CELLS = [
    """
import matplotlib.pyplot as plt
import torch
from ipywidgets import FloatSlider, interact
from aigc_course import sampling
from aigc_course.i18n import set_lang
from aigc_course.widgets.sampling import SteeringWheel

set_lang("en")
wheel = SteeringWheel("The weather is nice today, so I decided to")
""",
    "wheel",
    """
logits = torch.frombuffer(bytearray(wheel.logits), dtype=torch.float32)
top = logits.topk(12).indices
names = dict(wheel.start["labels"])

def bars(temperature):
    probs = sampling.softmax(sampling.warp(logits, temperature=temperature))[top]
    fig, ax = plt.subplots(figsize=(7, 4))
    ax.barh([names[i] for i in top.tolist()], probs.tolist())
    ax.set_xlim(0, 1)
    ax.invert_yaxis()
    plt.show()

interact(bars, temperature=FloatSlider(1, min=0.1, max=2, step=0.05));
""",
]
OURS = """
async (value) => {
  const wheel = document.querySelector('.aigc.wheel');
  const slider = wheel.querySelector('input[type=range]');
  const widths = () => [...wheel.querySelectorAll('.bar.model')].map((bar) => bar.style.width).join();
  const before = widths();
  slider.value = value;
  const start = performance.now();
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  if (widths() === before) throw new Error('the bars did not move');
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}
"""
# the slider of ipywidgets is moved by its keys: one step up or down
INTERACT = """
async (key) => {
  const box = document.querySelector('.widget-interact');
  const image = () => box.querySelector('img')?.src;
  const before = image();
  const start = performance.now();
  const press = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
  box.querySelector('.noUi-handle').dispatchEvent(press);
  while (!image() || image() === before) {
    if (performance.now() - start > 20000) throw new Error('no new image came');
    await new Promise(requestAnimationFrame);
  }
  await box.querySelector('img').decode();
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}
"""


def measure(moves: int = MOVES) -> dict[str, list[float]]:
    """Milliseconds of each move: {"ours": [...], "interact": [...]}, `moves` of each, in turn."""
    executable = find_chromium()
    if executable is None:
        raise SystemExit("Chromium is not installed (Debian: apt install chromium)")
    times: dict[str, list[float]] = {"ours": [], "interact": []}
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder)) as lab, chromium(executable) as browser:
        lab.write("latency.ipynb", CELLS)
        page = lab.open(browser, "latency.ipynb", Watch(), height=1800)
        page.locator(".widget-interact img").wait_for()
        for i in range(-5, moves):  # the first ones warm both up
            # up and down between 0.6 and 1.5, never the same value twice in a row
            ours = page.evaluate(OURS, round(1.05 + 0.45 * (-1) ** i * (0.2 + 0.8 * (i % 7) / 6), 2))
            page.wait_for_timeout(40 + 17 * (i % 5))
            theirs = page.evaluate(INTERACT, "ArrowRight" if i % 2 else "ArrowLeft")
            page.wait_for_timeout(40 + 17 * (i % 5))
            if i >= 0:
                times["ours"].append(ours)
                times["interact"].append(theirs)
    return times


def main() -> dict[str, float]:
    """Measure, print, and return p50 and p95 in milliseconds, and interact's over ours."""
    result: dict[str, float] = {"moves": MOVES}
    for name, times in measure().items():
        cuts = statistics.quantiles(times, n=20, method="inclusive")
        result |= {f"{name}_p50_ms": round(cuts[9], 1), f"{name}_p95_ms": round(cuts[18], 1)}
    for cut in ("p50", "p95"):
        result[f"ratio_{cut}"] = round(result[f"interact_{cut}_ms"] / result[f"ours_{cut}_ms"], 1)
    for name, words in (("ours", "steering wheel"), ("interact", "interact + matplotlib")):
        print(f"slider to paint, {words}: p50 {result[f'{name}_p50_ms']} ms, p95 {result[f'{name}_p95_ms']} ms")
    print(f"interact takes {result['ratio_p50']} times as long at p50, {result['ratio_p95']} times at p95")
    return result


if __name__ == "__main__":
    main()
