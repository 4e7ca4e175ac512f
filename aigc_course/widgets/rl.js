// The RL cockpit. Python sends the updates; choosing one, and one of several runs, happens here.

// ---- pure functions -------------------------------------------------------------------------------------------------

// The least of 1, 2, 2.5, 5 times a power of ten that is not below x; 1 where x is not above 0.
export function ceiling(x) {
  if (!(x > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(x));
  return [1, 2, 2.5, 5, 10].map((m) => m * power).find((y) => y >= x - 1e-9 * power);
}

// [lowest, highest] that a picture of these numbers spans; 0 is always in it, and `least` at its upper end.
export function span(values, least = 0) {
  const low = Math.min(0, ...values);
  return [low < 0 ? -ceiling(-low) : 0, ceiling(Math.max(least, ...values))];
}

// A path through the values, the first at the left edge, the last of `count` at the right one; y runs downwards.
export function curve(values, [low, high], width, height, count) {
  const x = (i) => (count > 1 ? (width * i) / (count - 1) : 0);
  const y = (v) => height - (height * (v - low)) / (high - low);
  return values.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("");
}

// The update whose place is nearest to x, of those that are there.
export function nearest(x, width, count, there) {
  const i = count > 1 ? Math.round((x / width) * (count - 1)) : 0;
  return Math.max(0, Math.min(there - 1, i));
}

// Whether something else than right answers was paid, so that both curves are worth drawing.
export function gamed(updates) {
  return updates.some((u) => Math.abs(u.reward - u.right) > 0.005);
}

// 0.7512 → "0.75", 31.25 → "31.3", 0.0042 → "0.0042"; with a sign where it matters.
export function figure(x) {
  const size = Math.abs(x);
  if (size >= 9.995) return x.toFixed(1);
  return size >= 0.095 || size === 0 ? x.toFixed(2) : x.toFixed(4);
}

export function signed(x) {
  const text = Math.abs(x).toFixed(2);
  return Number(text) === 0 ? "0" : `${x < 0 ? "−" : "+"}${text}`;
}

// ---- the page -------------------------------------------------------------------------------------------------------

const WIDTH = 220;
const HEIGHT = 96;

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("强化学习驾驶舱", "The RL cockpit");
  const root = frame(model, host, "cockpit", title);
  // at: null follows the newest update while a run is under way
  const state = { run: Math.max(0, model.get("runs").length - 1), at: null };
  if (model.get("runs").length > 1) state.run = 0;
  const runs = () => model.get("runs");
  const updates = () => runs()[state.run].updates;
  // a finished run opens where the group shown has something to learn from
  if (!model.get("total")) state.at = Math.max(0, updates().findIndex((update) => update.std > 0));
  const here = () => Math.min(state.at ?? Infinity, updates().length - 1);
  const count = () => Math.max(model.get("total"), ...runs().map((r) => r.updates.length));

  // -- parts that stay while their content changes, so that the keyboard's focus is never lost
  const chooser = el("select", { onchange: () => { state.run = Number(chooser.value); show(); } },
    ...runs().map((run, i) => el("option", { value: i }, run.name)));
  const panels = [
    panel("reward", t("奖励", "Reward"), t("每条文字平均", "mean of all texts"), 1),
    panel("length", t("长度", "Length"), t("token，平均", "tokens, mean"), 0),
    panel("entropy", t("熵", "Entropy"), t("nat，每个 token", "nats per token"), 0),
    panel("kl", "KL", t("nat，离起点多远", "nats from the start"), 0),
  ];
  const slider = el("input", { type: "range", min: 1, step: 1, "aria-label": t("第几次更新", "Which update"), oninput: () => go(Number(slider.value) - 1) });
  const back = el("button", { "aria-label": t("上一次更新", "Previous update"), onclick: () => go(here() - 1) }, "◀");
  const on = el("button", { "aria-label": t("下一次更新", "Next update"), onclick: () => go(here() + 1) }, "▶");
  const number = el("output", { class: "number" });
  const story = el("p", { class: "story" });
  const rows = el("tbody");
  const verdict = el("p", { class: "verdict" });
  const spoken = el("p", { class: "sr-only", "aria-live": "polite" });
  const empty = el("p", { class: "empty" }, t("训练还没有开始。", "The training has not begun."));
  const body = el("div", { class: "body" },
    el("div", { class: "dials" }, ...panels.map((p) => p.box)),
    el("div", { class: "scrub" }, back, slider, on, number),
    el("div", { class: "group" }, story,
      el("table", {},
        el("thead", {}, el("tr", {}, ...[t("一组回答（同一道题）", "One group: answers to the same story"), t("长度", "Length"), t("奖励", "Reward"), t("优势", "Advantage")]
          .map((words) => el("th", { scope: "col" }, words)))),
        rows),
      verdict),
    spoken);
  const which = el("label", { class: "which", hidden: runs().length < 2 }, t("哪一次训练", "Which run"), chooser);
  root.append(el("header", {}, el("p", { class: "heading" }, title), el("p", { class: "about" }, model.get("heading")), which), empty, body);

  function panel(key, name, unit, least) {
    const value = el("b", { class: "value" });
    const top = svg("text", { x: 3, y: 11, class: "tick" });
    const lines = svg("g");
    const cursor = svg("line", { y1: 0, y2: HEIGHT, class: "cursor" });
    const dot = svg("circle", { r: 4, class: "dot" });
    const draw = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" },
      svg("rect", { width: WIDTH, height: HEIGHT, class: "ground" }), lines, top, cursor, dot);
    const move = (event) => {
      const edge = draw.getBoundingClientRect();
      go(nearest(event.clientX - edge.left, edge.width, count(), updates().length));
    };
    draw.addEventListener("pointerdown", (event) => { draw.setPointerCapture?.(event.pointerId); move(event); });
    draw.addEventListener("pointermove", (event) => { if (event.buttons) move(event); });
    const legend = el("span", { class: "legend", hidden: true }, t("橙线：答对的比例", "orange: share right"));
    const box = el("div", { class: `dial ${key}` },
      el("p", { class: "name" }, el("span", {}, el("b", {}, name), " ", el("small", {}, unit)), value), draw, legend);
    return { key, name, least, value, top, lines, cursor, dot, draw, legend, box };
  }

  function paintPanel({ key, name, least, value, top, lines, cursor, dot, draw, legend, box }) {
    box.hidden = key === "kl" && runs().every((run) => run.updates.every((u) => u.kl === 0));
    const range = span(runs().flatMap((run) => run.updates.map((u) => u[key])), least);
    const path = (values, looks) => svg("path", { d: curve(values, range, WIDTH, HEIGHT, count()), class: looks });
    const other = key === "reward" && gamed(updates());
    const order = [...runs().keys()].sort((a, b) => (a === state.run) - (b === state.run));
    const drawn = order.map((i) => path(runs()[i].updates.map((u) => u[key]), i === state.run ? "own" : "other"));
    if (other) drawn.unshift(path(updates().map((u) => u.right), "truth"));
    lines.replaceChildren(...drawn);
    legend.hidden = !other;
    const now = updates()[here()];
    const x = count() > 1 ? (WIDTH * here()) / (count() - 1) : 0;
    const y = HEIGHT - (HEIGHT * (now[key] - range[0])) / (range[1] - range[0]);
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
    top.textContent = figure(range[1]).replace(/\.?0+$/, "");
    value.textContent = figure(now[key]);
    const first = updates()[0];
    draw.setAttribute("aria-label", t(
      `${name}：第 1 次 ${figure(first[key])}，第 ${here() + 1} 次 ${figure(now[key])}`,
      `${name}: update 1 ${figure(first[key])}, update ${here() + 1} ${figure(now[key])}`));
  }

  function go(at) {
    const last = updates().length - 1;
    const wanted = Math.max(0, Math.min(last, at));
    state.at = wanted === last && model.get("total") ? null : wanted;
    show();
    const now = updates()[here()];
    spoken.textContent = t(
      `第 ${here() + 1} 次更新：奖励 ${figure(now.reward)}，长度 ${figure(now.length)}`,
      `Update ${here() + 1}: reward ${figure(now.reward)}, length ${figure(now.length)}`);
  }

  function sampleRow(sample, largest) {
    const share = largest ? (50 * Math.abs(sample.advantage)) / largest : 0;
    const side = sample.advantage < 0 ? "down" : "up";
    return el("tr", {},
      el("td", { class: "text" }, ...sample.pieces.map(([kind, words]) => el("span", { class: kind }, words)),
        ...(sample.pieces.some(([kind]) => kind === "right") ? [el("span", { class: "mark right", title: t("答案对", "right answer") }, " ✓")] : [el("span", { class: "mark wrong", title: t("答案错或没有", "wrong answer or none") }, " ✗")])),
      el("td", { class: "figures" }, String(sample.tokens)),
      el("td", { class: "figures" }, figure(sample.reward)),
      el("td", {}, el("div", { class: "advantage" },
        el("span", { class: "lane" }, el("span", { class: `bar ${side}`, style: `width:${share.toFixed(1)}%` })),
        el("span", { class: `figures ${side}` }, signed(sample.advantage)))));
  }

  function show() {
    const some = updates().length > 0;
    empty.hidden = some;
    body.hidden = !some;
    if (!some) return;
    const now = updates()[here()];
    panels.forEach(paintPanel);
    slider.max = updates().length;
    slider.value = here() + 1;
    slider.setAttribute("aria-valuetext", t(`第 ${here() + 1} 次更新，共 ${updates().length} 次`, `update ${here() + 1} of ${updates().length}`));
    number.textContent = t(`第 ${here() + 1} 次更新，共 ${count()} 次`, `update ${here() + 1} of ${count()}`);
    back.disabled = here() === 0;
    on.disabled = here() === updates().length - 1;
    story.replaceChildren(now.story, " ", el("span", { class: "answer" }, t(`（答案 ${now.answer}）`, `(answer: ${now.answer})`)));
    const largest = Math.max(...now.samples.map((s) => Math.abs(s.advantage)));
    rows.replaceChildren(...now.samples.map((sample) => sampleRow(sample, largest)));
    verdict.textContent = now.std === 0
      ? t("这一组得分全都一样，优势都是 0：没有可学的。", "All of this group earned the same, so every advantage is 0: nothing to learn here.")
      : t(`优势 =（奖励 − 组平均 ${figure(now.mean)}）÷ 组标准差 ${figure(now.std)}`, `advantage = (reward − group mean ${figure(now.mean)}) ÷ group standard deviation ${figure(now.std)}`);
  }

  const changed = () => show();
  model.on("change:runs", changed);
  show();
  return () => model.off("change:runs", changed);
}

export default { render };
