"""From pointing at a token to the painted page: the attention viewer with 64 tokens and every head of its model.

Measured for the bundled `lm` and for an untrained model with as many heads as Qwen3-0.6B, in a real JupyterLab in a
headless Chromium, the whole viewer on the screen. A move lasts from the pointer's event until two animation frames
after the page has changed; `empty` is the same wait with nothing to do, in turn with the moves, so that it shows what
of the time is the browser's and the machine's own. `cpu` is the processor time of the page's main thread in a move,
which hardly depends on what else the machine does.
"""

import statistics
import tempfile
from pathlib import Path

from tests.browser import Watch, chromium, find_chromium, jupyterlab

MOVES = 120
CELLS = [
    """
import random
from aigc_course import grammar, hub, sampling
from aigc_course.i18n import set_lang
from aigc_course.widgets.attention import LONGEST, AttentionViewer
from tests import tiny

set_lang("en")
small, tokenizer = hub.load_lm("lm", "cpu")
rng = random.Random(1)
words = " ".join(grammar.sample(rng, "en") for _ in range(8)).split()
while len(sampling.encode(tokenizer, " ".join(words))) > LONGEST:
    words.pop()
""",
    """
shape = {"num_hidden_layers": 28, "num_attention_heads": 16, "hidden_size": 128}
many = (tiny.llama(small.config.vocab_size, **shape), tokenizer)
AttentionViewer(" ".join(words), %s)
""",
]
MODELS = {"lm": "'lm'", "many": "many"}
WAIT = "await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);"
EMPTY = f"async () => {{ const start = performance.now(); {WAIT} return performance.now() - start; }}"
# each move goes to a token far from the last one, so that every number changes
MOVE = f"""
async (place) => {{
  const viewer = document.querySelector('.aigc.viewer');
  const tokens = viewer.querySelectorAll('button.token');
  const shown = () => viewer.querySelector('.grid').textContent;
  const before = shown();
  const start = performance.now();
  tokens[place].dispatchEvent(new PointerEvent('pointerenter'));
  if (shown() === before) throw new Error('nothing moved');
  {WAIT}
  const heads = viewer.querySelectorAll('button.head').length;
  return {{ tokens: tokens.length, heads, ms: performance.now() - start }};
}}
"""


def measure(model: str, moves: int = MOVES) -> list[dict]:
    """What MOVE says of each of `moves` moves, under "empty" the milliseconds of a wait without one, and "cpu"."""
    executable = find_chromium()
    if executable is None:
        raise SystemExit("Chromium is not installed (Debian: apt install chromium)")
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder)) as lab, chromium(executable) as browser:
        lab.write("hover.ipynb", [CELLS[0], CELLS[1] % MODELS[model]])
        page = lab.open(browser, "hover.ipynb", Watch(), height=1800)
        page.locator(".aigc.viewer").wait_for()
        metrics = page.context.new_cdp_session(page)
        metrics.send("Performance.enable", {"timeDomain": "threadTicks"})

        def busy() -> float:
            """Milliseconds of processor time that the page's main thread has used so far."""
            named = {each["name"]: each["value"] for each in metrics.send("Performance.getMetrics")["metrics"]}
            return 1000 * named["TaskDuration"]

        found = []
        for i in range(moves + 5):  # the first ones warm it up
            before = busy()
            move = page.evaluate(MOVE, (5 + 29 * i) % 64) | {"cpu": busy() - before}
            page.wait_for_timeout(40 + 17 * (i % 5))
            found.append(move | {"empty": page.evaluate(EMPTY)})
            page.wait_for_timeout(40 + 17 * (i % 5))
    return found[5:]


def main() -> dict[str, float]:
    """Measure, print, and return p50 and p95 in milliseconds for each model."""
    result: dict[str, float] = {"moves": MOVES}
    for model in MODELS:
        moves = measure(model)
        result |= {f"{model}_tokens": moves[0]["tokens"], f"{model}_heads": moves[0]["heads"]}
        for key, name in (("ms", model), ("empty", f"{model}_empty"), ("cpu", f"{model}_cpu")):
            cuts = statistics.quantiles([move[key] for move in moves], n=20, method="inclusive")
            result |= {f"{name}_p50_ms": round(cuts[9], 1), f"{name}_p95_ms": round(cuts[18], 1)}
        size = f"{moves[0]['tokens']} tokens × {moves[0]['heads']} heads"
        times = f"p50 {result[f'{model}_p50_ms']} ms, p95 {result[f'{model}_p95_ms']} ms"
        print(f"pointing to paint, {size}: {times}")
        for name, words in (("empty", "the same wait without a move"), ("cpu", "processor time of the page")):
            print(f"  {words}: p50 {result[f'{model}_{name}_p50_ms']} ms, p95 {result[f'{model}_{name}_p95_ms']} ms")
    return result


if __name__ == "__main__":
    main()
