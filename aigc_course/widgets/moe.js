// The traffic of experts. Python sends every run's loads, counts and what it found in them once; the page only moves.

const ORANGE = [213, 94, 0];
const PACE = 220; // ms between two snapshots while playing
const [ROOM, THICK] = [208, 18]; // pixels that the rows of a map share, and the most for one
const NUMBERED = 20; // with more experts a cell is too narrow for its number

// ---- pure functions -------------------------------------------------------------------------------------------------

// Whole numbers of 2 or 4 bytes, little-endian.
export function unpacked(view, bytes) {
  const read = bytes === 2 ? (at) => view.getUint16(at, true) : (at) => view.getUint32(at, true);
  return Array.from({ length: view.byteLength / bytes }, (_, i) => read(bytes * i));
}

// A share of the load as depth of colour, from 0 to 1; the root keeps small shares visible.
export function depth(share, most) {
  return Math.sqrt(Math.min(1, share / most));
}

// The loads (n, experts) as pixels [r, g, b, a, …] (experts, n): a row for each expert, a column for each snapshot.
export function loadMap(loads, experts, most) {
  const n = loads.length / experts;
  const pixels = new Uint8ClampedArray(4 * loads.length);
  loads.forEach((share, i) => pixels.set([...ORANGE, 255 * depth(share, most)], 4 * ((i % experts) * n + Math.floor(i / experts))));
  return pixels;
}

// The column of `count` that holds x.
export function column(x, width, count) {
  return Math.max(0, Math.min(count - 1, Math.floor((x / width) * count)));
}

// A path through the values, each in the middle of its column; y runs downwards.
export function curve(values, [low, high], width, height) {
  const y = (v) => height * (high > low ? (high - v) / (high - low) : 0.5);
  return values.map((v, i) => `${i ? "L" : "M"}${((width * (i + 0.5)) / values.length).toFixed(1)} ${y(v).toFixed(1)}`).join("");
}

// Of counts (kinds, experts): {totals: of each kind, shares: each kind's, received: by each expert, every: shares of all}.
export function flow(counts, experts) {
  const kinds = Array.from({ length: counts.length / experts }, (_, k) => counts.slice(k * experts, (k + 1) * experts));
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const received = Array.from({ length: experts }, (_, e) => sum(kinds.map((row) => row[e])));
  const share = (row) => row.map((x) => x / Math.max(1, sum(row)));
  return { totals: kinds.map(sum), shares: kinds.map(share), received, every: share(received) };
}

// ---- the page -------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("专家的流量", "The traffic of experts");
  const root = frame(model, host, "traffic", title);
  const [kinds, experts, limits] = ["kinds", "experts", "limits"].map((key) => model.get(key));
  const runs = model.get("runs").map((run) => ({ ...run, load: unpacked(run.load, 2).map((q) => q / 65535), traffic: unpacked(run.traffic, 4) }));
  const { steps } = runs[0];
  const most = Math.max(...runs.flatMap((run) => run.load));
  const losses = runs.flatMap((run) => run.loss);
  const span = [Math.min(...losses), Math.max(...losses)];
  const evenly = Math.ceil(limits.work * experts - 1e-6); // so many do that much of the work where the load is even
  const state = { run: 0, at: steps.length - 1, cell: runs[0].standout.at(-1) ?? [0, 0] };

  // -- parts that stay while their content changes, so that the keyboard's focus is never lost
  const { button: play, stop, playing } = player(model, PACE, () => [state.at, steps.length - 1], go);
  const slider = el("input", { type: "range", min: 1, max: steps.length, step: 1, "aria-label": t("训练到第几步", "Which step of the training"),
    oninput: () => { stop(); go(Number(slider.value) - 1); } });
  const number = el("output", { class: "number" });
  const says = el("p", { class: "says" });
  const panels = runs.map(panel);
  const whose = el("b");
  const standout = el("p", { class: "standout" });
  const cells = kinds.map((_, k) => Array.from({ length: experts }, (_, e) => el("button", { class: "cell", onpointerenter: () => look(k, e), onfocus: () => look(k, e) })));
  const every = Array.from({ length: experts }, () => el("span", { class: "cell" }));
  const matrix = el("div", { class: "matrix", role: "group", "aria-label": t("每种 token 去了哪些专家；移到一格上看数字", "Where each kind of token goes; point at a cell for its numbers") },
    el("span", { class: "kind" }, t("专家", "expert")), ...every.map((_, e) => el("span", { class: "expert" }, labelled(e, experts <= NUMBERED ? 1 : 4))),
    ...kinds.flatMap((kind, k) => [el("span", { class: "kind", title: kind }, kind), ...cells[k]]),
    el("span", { class: "kind all" }, t("全部", "all")), ...every);
  root.style.setProperty("--experts", experts);
  const told = el("p", { class: "told", "aria-live": "polite" });
  const settle = roving(matrix, experts);
  root.append(
    el("header", {}, el("p", { class: "heading" }, title), legend()),
    el("div", { class: "scrub" }, play, slider, number), says,
    el("div", { class: "panels" }, ...panels.map(({ box }) => box)),
    el("div", { class: "kinds" }, el("p", {}, whose), standout, matrix, told),
    el("p", { class: "hint" }, t(
      `上面的图：一行是一个专家，一列是训练中的一个时刻，橙色越浓，它分到的越多；右边的横条是选中时刻的份额，虚线是平均分配。有效专家数是份额的熵取指数：完全均匀时是 ${experts}，只有一个专家干活时是 1。最忙的超出：0 是刚好均分，1 是均分的两倍。“几乎闲着”：不到平均份额的 ${wholePercent(limits.idle)}。下面的表：一个 token 会选几个专家，数字是这种 token 的选择里去那个专家的百分比。${runs.length > 1 ? "点训练的名字，换表格里的训练。" : ""}`,
      `Above: a row for each expert, a column for each moment of the training, deeper orange for a larger load; the bars are the shares at the chosen moment, the dashed line an even share. The effective number of experts is exp of the entropy of the shares: ${experts} when even, 1 when a single expert works. Busiest above even: 0 is exactly even, 1 is twice an even share. “Next to nothing” is less than ${wholePercent(limits.idle)} of an even share. Below: a token may choose several experts; a number is the percentage of a kind's choices that go to that expert.${runs.length > 1 ? " Press the name of a training to see its table." : ""}`)));

  function image(pixels, columns, rows, attributes) {
    const canvas = el("canvas", { width: columns, height: rows });
    canvas.getContext("2d").putImageData(new ImageData(pixels, columns, rows), 0, 0);
    return el("img", { src: canvas.toDataURL(), draggable: "false", ...attributes });
  }

  function legend() {
    const shades = Array.from({ length: 64 }, (_, i) => (most * i) / 63);
    const mark = el("i", { style: `left:${100 / experts / most}%` });
    return el("p", { class: "legend" }, t("份额 0", "share 0"), el("span", {}, image(loadMap(shades, 1, most), 64, 1, { alt: t("颜色由淡到浓", "from pale to deep") }), mark), wholePercent(most));
  }

  function labelled(e, each) {
    return e % each ? "" : String(e);
  }

  function panel(run, i) {
    const row = Math.max(3, Math.min(THICK, Math.floor(ROOM / experts)));
    const name = el("button", { class: "name", hidden: runs.length < 2, onclick: () => choose(i) }, run.name);
    const cursors = [el("span", { class: "cursor" }), el("span", { class: "cursor" })];
    const map = el("div", { class: "map" }, image(loadMap(run.load, experts, most), steps.length, experts, { alt: "" }), cursors[0]);
    const bars = Array.from({ length: experts }, () => el("span", { class: "bar" }));
    const lanes = el("div", { class: "lanes", role: "img" }, ...bars.map((bar) => el("span", {}, bar)), el("span", { class: "even", style: `left:${100 / experts / most}%` }));
    const graph = el("div", { class: "loss" },
      svg("svg", { viewBox: "0 -3 200 56", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("path", { d: curve(run.loss, span, 200, 50) })), cursors[1]);
    const [loss, effective, excess] = ["b", "b", "b"].map((tag) => el(tag));
    const drag = (event) => {
      const edge = map.getBoundingClientRect();
      stop();
      state.run = i;
      go(column(event.clientX - edge.left, edge.width, steps.length));
    };
    for (const area of [map, graph]) {
      area.addEventListener("pointerdown", (event) => { area.setPointerCapture?.(event.pointerId); drag(event); });
      area.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
    }
    const box = el("div", { class: "panel", role: "group", "aria-label": run.name }, name,
      el("div", { class: "plots" },
        el("div", { class: "numbers", "aria-hidden": "true" }, ...bars.map((_, e) => el("span", {}, labelled(e, Math.ceil(12 / row))))), map, lanes,
        el("span"), el("span", { class: "ends" }, el("span", {}, t(`第 ${steps[0]} 步`, `step ${steps[0]}`)), el("span", {}, String(steps.at(-1)))), el("span", { class: "mark" }, t("┆ 均分 ", "┆ even "), wholePercent(1 / experts)),
        el("span", { class: "numbers range", "aria-hidden": "true" }, ...[span[1], span[0]].map((x) => el("span", {}, x.toFixed(1)))), graph, el("span", { class: "value" }, el("small", {}, t("损失", "loss")), loss)),
      el("p", { class: "figures" }, el("span", {}, t("有效专家 ", "effective experts ")), effective),
      el("p", { class: "figures" }, el("span", {}, t("最忙的超出 ", "busiest above even ")), excess));
    box.style.setProperty("--row", `${row}px`);
    return { run, name, cursors, bars, lanes, loss, effective, excess, box };
  }

  const write = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };
  const expert = (e) => t(`专家 ${e}`, `expert ${e}`);
  const quoted = (kind) => t(`“${kind}”`, `“${kind}”`);
  const loadOf = (run) => run.load.slice(state.at * experts, (state.at + 1) * experts);

  // -- moves: each ends with the page painted
  function go(at) {
    state.at = Math.max(0, Math.min(steps.length - 1, at));
    paint();
  }

  function choose(run) {
    state.run = run;
    paint();
  }

  function look(kind, at) {
    state.cell = [kind, at];
    paintCells();
  }

  // -- painting
  function paint() {
    const step = steps[state.at];
    slider.value = state.at + 1;
    write(number, t(`第 ${step} 步，共 ${steps.at(-1)} 步`, `step ${step} of ${steps.at(-1)}`));
    slider.setAttribute("aria-valuetext", number.textContent);
    says.setAttribute("aria-live", playing() ? "off" : "polite");
    says.replaceChildren(el("b", {}, runs[state.run].name), ...sentence(runs[state.run], step));
    panels.forEach(paintPanel);
    paintCells();
  }

  function sentence({ busy, idle }, step) {
    const [some, none] = [busy[state.at], idle[state.at]];
    const work = wholePercent(limits.work);
    const even = some === evenly ? t("，和平均分配时一样", ", as with an even load") : t(`（平均分配时要 ${evenly} 个）`, ` (an even load takes ${evenly})`);
    const rest = none ? t(`；${none} 个几乎闲着`, `; ${none} ${none === 1 ? "does" : "do"} next to nothing`) : "";
    return [t(`，第 ${step} 步：`, `, step ${step}: `),
      el("b", {}, t(`${experts} 个专家里，最忙的 ${some} 个就做了 ${work} 的活`, `the busiest ${some} of ${experts} experts ${some === 1 ? "does" : "do"} ${work} of the work`)), even, rest, t("。", ".")];
  }

  function paintPanel({ run, name, cursors, bars, lanes, loss, effective, excess, box }, i) {
    const load = loadOf(run);
    name.setAttribute("aria-pressed", String(i === state.run));
    box.classList.toggle("chosen", i === state.run);
    for (const cursor of cursors) cursor.style.left = `${(100 * (state.at + 0.5)) / steps.length}%`;
    bars.forEach((bar, e) => { bar.style.width = `${(100 * load[e]) / most}%`; });
    const busiest = load.map((_, e) => e).sort((a, b) => load[b] - load[a]).slice(0, 3);
    lanes.setAttribute("aria-label", t("份额最大的：", "Largest shares: ") + busiest.map((e) => `${expert(e)} ${wholePercent(load[e])}`).join(t("，", ", ")));
    write(loss, run.loss[state.at].toFixed(2));
    write(effective, `${run.effective[state.at].toFixed(1)} / ${experts}`);
    write(excess, run.excess[state.at].toFixed(2));
  }

  function paintCells() {
    const run = runs[state.run];
    const size = kinds.length * experts;
    const { totals, shares, received, every: all } = flow(run.traffic.slice(state.at * size, (state.at + 1) * size), experts);
    const [kind, to] = state.cell;
    const paintCell = (cell, share) => {
      cell.style.setProperty("--share", Math.sqrt(share).toFixed(3));
      write(cell, experts > NUMBERED || share < 0.005 ? "" : String(Math.round(100 * share)));
    };
    cells.forEach((row, k) => row.forEach((cell, e) => {
      paintCell(cell, shares[k][e]);
      cell.setAttribute("aria-label", `${kinds[k]}, ${expert(e)}: ${wholePercent(shares[k][e])}`);
      cell.classList.toggle("here", k === kind && e === to);
    }));
    every.forEach((cell, e) => paintCell(cell, all[e]));
    write(whose, t(`${run.name}，第 ${steps[state.at]} 步：每种 token 去了哪些专家（占这种 token 的选择的 %）`, `${run.name}, step ${steps[state.at]}: where each kind of token goes (% of its choices)`));
    write(standout, preference(run.standout[state.at], shares, all));
    write(told, reading(totals[kind], Math.round(totals[kind] * shares[kind][to]), received[to], all[to]));
  }

  function preference(found, shares, all) {
    const points = Math.round(100 * limits.alike);
    if (!found) return t(`没有哪种 token 特别偏爱哪个专家：没有一格比最下面一行高出 ${points} 个百分点。`, `No kind prefers any expert: no cell is ${points} points above the last row.`);
    const [k, e] = found;
    const [own, usual] = [shares[k][e], all[e]].map(wholePercent);
    return t(`最突出的：${quoted(kinds[k])}有 ${own} 去了${expert(e)}，而全部 token 只有 ${usual} 去那里。`, `Stands out most: ${own} of ${quoted(kinds[k])} goes to ${expert(e)}, but only ${usual} of all tokens.`);
  }

  // The chosen cell in words: `here` of the kind's `total` choices go to the expert, which gets `received` in all.
  function reading(total, here, received, usual) {
    const [kind, to] = [quoted(kinds[state.cell[0]]), expert(state.cell[1])];
    if (!total) return t(`这一步没有${kind}。`, `There is no ${kind} at this step.`);
    const [own, all, part] = [here / total, usual, here / Math.max(1, received)].map(wholePercent);
    return t(
      `${kind} → ${to}：${total} 次选择里有 ${here} 次，占 ${own}（全部 token：${all}）。${to} 收到的，${part} 是${kind}。`,
      `${kind} → ${to}: ${here} of ${total} choices, ${own} (all tokens: ${all}). Of what ${to} gets, ${part} is ${kind}.`);
  }

  paint();
  settle();
  return stop;
}

export default { render };
