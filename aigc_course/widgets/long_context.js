// The cost chart. Python sends what every length takes; the page looks it up and divides times by the chosen share.

const WIDTH = 300;
const HEIGHT = 190;
const LEFT = 58; // room for the words beside the axes
const BELOW = 24;
const STROKES = { torch: 6, block: 4, random: 2 }; // lines that lie on one another can all be seen

// ---- pure functions -------------------------------------------------------------------------------------------------

// x in the largest unit that is not larger than it, two digits or all before the point; units: [[size, name], …].
export function readable(x, units) {
  const [size, name] = units.findLast(([least]) => least <= x) ?? units[0];
  const number = x / size;
  return `${number < 9.95 ? number.toFixed(1) : Math.round(number)} ${name}`;
}

// The first three digits of a number of tokens, never above it, in groups: 31623 → "31,600".
export function roughly(n) {
  const step = 10 ** Math.max(0, String(n).length - 3);
  return (Math.floor(n / step) * step).toLocaleString("en");
}

// [lowest, highest] powers of ten that hold all values.
export function decades(values) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  return [low, Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))];
}

// Where a value stands between two powers of ten, 0 to 1.
export function share(value, [low, high]) {
  return (Math.log10(value) - low) / (high - low);
}

// Pieces of a line through the values, [path, certain]: a stretch is certain if both its ends are.
export function pieces(xs, ys, certain) {
  const found = [];
  for (let i = 1; i < xs.length; i += 1) {
    const sure = certain[i - 1] && certain[i];
    const to = `L${xs[i].toFixed(1)} ${ys[i].toFixed(1)}`;
    if (found.at(-1)?.[1] === sure) found.at(-1)[0] += to;
    else found.push([`M${xs[i - 1].toFixed(1)} ${ys[i - 1].toFixed(1)}${to}`, sure]);
  }
  return found;
}

// The parts of a bar in percent of the machine's memory, the last ones cut where it is full.
export function filled(parts, whole) {
  let room = 100;
  return parts.map((part) => {
    const taken = Math.min(room, (100 * part) / whole);
    room -= taken;
    return taken;
  });
}

// ---- the page -------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("代价图：文本有多长，要花多少", "The cost chart: what a text of this length takes");
  const root = frame(model, host, "costs", title);
  const [lengths, ways, layer, models, machines] = ["lengths", "ways", "layer", "models", "machines"].map((key) => model.get(key));
  const places = {
    layer: t("一层，实测", "One layer, measured"),
    card: t("一张 80 GB 的卡", "One 80 GB card"),
    server: t("讲座的两台服务器，16 张卡", "The lecture's two servers, 16 cards"),
  };
  // the card opens with the smallest model, the server with the one that the lecture puts on it
  const state = { place: "card", model: { card: 0, server: models.length - 1 }, at: model.get("start").at, use: model.get("start").use, on: ways.map(() => true) };
  const bytes = (x) => readable(x, [[1e6, "MB"], [1e9, "GB"], [1e12, "TB"]]);
  const gigabytes = (x) => `${Math.round(x / 1e9)} GB`; // as machines are sold
  const time = (x) => readable(x, [[1e-3, t("毫秒", "ms")], [1, t("秒", "s")], [60, t("分", "min")], [3600, t("小时", "h")], [86400, t("天", "d")]]);

  // -- parts that stay while their content changes, so that the keyboard's focus is never lost
  const tabs = Object.entries(places).map(([key, name]) => el("button", { "data-place": key, onclick: () => { state.place = key; paint(); } }, name));
  const row = el("div", { class: "switch", role: "group", "aria-label": t("在哪里", "Where") }, ...tabs);
  const slider = el("input", { type: "range", min: 0, max: lengths.length - 1, step: 1, oninput: () => go(Number(slider.value)) });
  const length = el("output");
  const chooser = el("select", { onchange: () => { state.model[state.place] = Number(chooser.value); paint(); } }, ...models.map(({ name, form }, i) => el("option", { value: i }, `${name} · ${form}`)));
  const which = el("label", {}, t("模型", "Model"), chooser);
  const rate = el("input", { type: "range", min: 5, max: 70, step: 5, oninput: () => { state.use = Number(rate.value) / 100; paint(); } });
  const reached = el("output");
  const usage = el("label", {}, t("用上峰值的", "Share of the peak"), rate, reached);
  const answer = el("p", { class: "answer", "aria-live": "polite" });
  const panels = [panel(t("内存", "Memory")), panel(t("时间", "Time"))];
  const rows = ways.map((way, i) => line(way, i));
  const heads = [t("办法", "Way"), t("内存", "Memory"), t("时间", "Time"), t("最长放得下", "Longest that fits")].map((words) => el("th", { scope: "col" }, words));
  const legend = el("p", { class: "legend" },
    ...[["weights", t("参数", "weights")], ["cache", t("KV 缓存", "KV cache")], ["table", t("一层的打分表", "table of one layer")], ["over", t("放不下", "does not fit")]]
      .map(([kind, words]) => el("span", {}, el("i", { class: kind }), words)));
  const hint = el("p", { class: "hint" });
  const tidy = roving(row);
  root.append(
    el("header", {}, el("p", { class: "heading" }, title), row),
    el("div", { class: "knobs" }, el("label", { class: "long" }, t("文本长度", "Length"), slider, length), which, usage),
    answer,
    el("div", { class: "charts" }, ...panels.map(({ box }) => box)),
    el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows.map((one) => one.tr))),
    legend, hint);

  function panel(name) {
    const unit = el("small");
    const [ticks, lines, dots] = ["ticks", "lines", "dots"].map((kind) => svg("g", { class: kind }));
    const cursor = svg("line", { class: "cursor", y1: 0, y2: HEIGHT });
    const draw = svg("svg", { viewBox: `${-LEFT} -8 ${LEFT + WIDTH + 24} ${HEIGHT + BELOW + 8}`, role: "img" },
      svg("rect", { class: "ground", width: WIDTH, height: HEIGHT }), ticks, lines, cursor, dots);
    const move = (event) => {
      const edge = draw.getBoundingClientRect();
      const x = ((event.clientX - edge.left) / edge.width) * (LEFT + WIDTH + 24) - LEFT;
      const wanted = 3 + (3 * x) / WIDTH;
      const gap = (i) => Math.abs(Math.log10(lengths[i]) - wanted);
      go([...lengths.keys()].reduce((best, i) => (gap(i) < gap(best) ? i : best)));
    };
    draw.addEventListener("pointerdown", (event) => { draw.setPointerCapture?.(event.pointerId); move(event); });
    draw.addEventListener("pointermove", (event) => { if (event.buttons) move(event); });
    const box = el("div", { class: "chart" }, el("p", { class: "name" }, el("b", {}, name), " ", unit), draw);
    return { name, unit, ticks, lines, dots, cursor, draw, box };
  }

  function line(way, i) {
    const tick = el("input", { type: "checkbox", checked: true, onchange: () => { state.on[i] = tick.checked; paint(); } });
    const parts = ["weights", "cache", "table"].map((kind) => el("i", { class: kind }));
    const lane = el("span", { class: "lane" }, ...parts);
    const [memory, spent, most] = ["memory", "spent", "most"].map((kind) => el("span", { class: kind }));
    const tr = el("tr", {},
      el("th", { scope: "row" }, el("label", {}, tick, el("span", { class: "swatch", style: `background:${way.colour}` }), way.name)),
      el("td", {}, el("div", { class: "holds" }, lane, memory)), el("td", {}, spent), el("td", {}, most));
    return { tr, parts, lane, memory, spent, most };
  }

  function go(at) {
    if (at === state.at) return;
    state.at = at;
    paint();
  }

  // -- what the chosen place says: lists are (ways, lengths)
  function facts() {
    if (state.place === "layer") {
      return { memory: layer.bytes, seconds: layer.seconds, sure: layer.measured };
    }
    const one = models[state.model[state.place]];
    const machine = machines[state.place];
    return {
      one,
      machine,
      memory: one.cache.map((cache, w) => cache.map((x, i) => one.weights + x + one.table[w][i])),
      seconds: one.seconds.map((line) => line.map((x) => x / (machine.cards * state.use))),
      most: one.longest[state.place],
    };
  }

  function paint() {
    const now = facts();
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.dataset.place === state.place));
    tidy();
    const text = t(`${lengths[state.at].toLocaleString("en")} 个 token`, `${lengths[state.at].toLocaleString("en")} tokens`);
    slider.value = state.at;
    slider.setAttribute("aria-valuetext", text);
    length.textContent = text;
    which.hidden = usage.hidden = legend.hidden = !now.machine;
    if (now.machine) chooser.value = state.model[state.place];
    rate.value = Math.round(100 * state.use);
    reached.textContent = wholePercent(state.use);
    answer.replaceChildren(...verdict(now, text));
    paintPanel(panels[0], now.memory, now, bytes, now.machine && t("按公式算，是下限", "by formula, a lower bound"));
    paintPanel(panels[1], now.seconds, now, time, now.machine && t("估算，不是实测", "an estimate, not measured"));
    root.classList.toggle("bare", !now.machine);
    heads[3].hidden = !now.machine;
    rows.forEach((one, i) => paintRow(one, i, now));
    hint.textContent = now.machine
      ? t("内存 = 参数 + KV 缓存 + 一层的打分表；卡是 H800，留出一成给程序的其他开销。时间 = 读完这段文本的运算次数 ÷ 卡的峰值 ÷ 你定的比例；搬数据、挑最大的分都没有算。四种稀疏办法都看 512 个 token；索引用 DeepSeek-V3.2-Exp 的大小。16 张卡当作一块内存，只有一个人用。数字的出处在第 10 节和 serving_models.csv、serving_cards.csv。",
        "Memory = weights + KV cache + one layer's table of scores; the cards are H800, a tenth of each is left for whatever else a program keeps. Time = operations for reading the text ÷ the cards' peak ÷ the share that you set; moving data and picking the largest scores are not counted. The four sparse ways see 512 tokens; the index has the size of DeepSeek-V3.2-Exp's. The 16 cards count as one memory, with a single user. Sources: section 10, serving_models.csv and serving_cards.csv.")
      : t("一层注意力，4 个头，每个头 64 个数，一个线程，出自 attention_costs.csv。没有“≈”的数是实测。带“≈”的：两次实测之间，取连线上的数；超出实测（虚线），顺着直线推算。", "One layer of attention, 4 heads of 64 numbers, one thread, from attention_costs.csv. Numbers without “≈” are measured. With “≈”, between two measurements they lie on the line that joins them; beyond them (dashed) they are projected.");
  }

  // The answer in plain words.
  function verdict({ one, machine, memory, seconds, sure, most }, text) {
    const shown = ways.map((_, i) => i).filter((i) => state.on[i]);
    // a name is not broken across lines
    const listed = (list, say = (i) => ways[i].name) => list.flatMap((i, at) => [at ? t("；", "; ") : "", el("span", {}, say(i))]);
    if (!shown.length) return [t("一种办法也没有打开，请在下面的表里选。", "No way is switched on: choose some in the table below.")];
    if (!machine) {
      const least = (lines) => shown.reduce((best, i) => (lines[i][state.at] < lines[best][state.at] ? i : best));
      const say = (i, lines, words) => `${ways[i].name}${t("，", ", ")}${sure[i][state.at] ? "" : "≈\u00a0"}${words(lines[i][state.at])}`;
      const [small, fast] = [least(memory), least(seconds)];
      return [t(`${text}，一层注意力。`, `${text}, one layer of attention. `), el("b", {}, t("内存最少：", "Least memory: ")), `${say(small, memory, bytes)}${t("。", ". ")}`, el("b", {}, t("最快：", "Fastest: ")), `${say(fast, seconds, time)}${t("。", ".")}`];
    }
    const where = t(`${text}，${one.name}，${places[state.place]}。`, `${text}, ${one.name}, ${state.place === "card" ? "one 80 GB card" : "the lecture's two servers, 16 cards"}. `);
    if (one.weights > machine.bytes) return [where, el("b", {}, t("放不下。", "Does not fit. ")), t(`光是参数就要 ${bytes(one.weights)}，可用的内存只有 ${gigabytes(machine.bytes)}：多短的文本都不行。`, `The weights alone take ${bytes(one.weights)}, and only ${gigabytes(machine.bytes)} can be used: no text is short enough.`)];
    const [fits, fails] = [true, false].map((yes) => shown.filter((i) => memory[i][state.at] <= machine.bytes === yes));
    const far = (i) => t(`${ways[i].name}（最长 ${roughly(most[i])} 个 token）`, `${ways[i].name} (at most ${roughly(most[i])} tokens)`);
    const beyond = lengths[state.at] > one.trained ? t(`不过，这个模型（或它的底座）训练时见过的文本最长 ${one.trained.toLocaleString("en")} 个 token：放得下，不等于读得懂。`, `But this model (or its base) was trained on texts of up to ${one.trained.toLocaleString("en")} tokens: what fits is not yet understood.`) : "";
    return [where,
      ...(fits.length ? [el("b", { class: "yes" }, t("放得下：", "Fits: ")), ...listed(fits), t("。", ". ")] : []),
      ...(fails.length ? [el("b", { class: "no" }, t("放不下：", "Does not fit: ")), ...listed(fails, far), t("。", ". ")] : []),
      fits.length ? beyond : ""];
  }

  function paintPanel({ name, unit, ticks, lines, dots, cursor, draw }, values, { machine, sure }, words, note) {
    const isMemory = words === bytes;
    const shown = ways.map((_, i) => i).filter((i) => state.on[i]);
    const range = decades((shown.length ? shown : [0]).flatMap((i) => values[i]).concat(isMemory && machine ? [machine.bytes] : []));
    const x = (n) => (WIDTH * (Math.log10(n) - 3)) / 3;
    const y = (value) => HEIGHT * (1 - share(value, range));
    const powers = Array.from({ length: range[1] - range[0] + 1 }, (_, i) => 10 ** (range[0] + i));
    const marks = isMemory ? powers : model.get("start").times.filter((v) => share(v, range) >= 0 && share(v, range) <= 1);
    ticks.replaceChildren(
      ...marks.flatMap((v) => [svg("line", { x1: 0, x2: WIDTH, y1: y(v), y2: y(v) }), svg("text", { x: -6, y: y(v) + 4, "text-anchor": "end" }, words(v).replace(".0", ""))]),
      ...[1e3, 1e4, 1e5, 1e6].map((n) => svg("text", { x: x(n), y: HEIGHT + 18, "text-anchor": "middle" }, n === 1e6 ? t("100 万", "1M") : n.toLocaleString("en"))),
      ...(isMemory && machine ? [svg("line", { class: "limit", x1: 0, x2: WIDTH, y1: y(machine.bytes), y2: y(machine.bytes) }), svg("text", { class: "limit", x: 6, y: y(machine.bytes) - 5 }, t(`可用 ${gigabytes(machine.bytes)}`, `usable ${gigabytes(machine.bytes)}`))] : []));
    // the thickest first, so that none hides another
    const order = [...shown].sort((a, b) => (STROKES[ways[b].key] ?? 3) - (STROKES[ways[a].key] ?? 3));
    // solid as far as it was measured, or where a formula is exact
    const certain = (i) => lengths.map((_, at) => (machine ? isMemory : at <= sure[i].lastIndexOf(true)));
    lines.replaceChildren(...order.flatMap((i) => pieces(lengths.map(x), values[i].map(y), certain(i))
      .map(([d, solid]) => svg("path", { d, stroke: ways[i].colour, "stroke-width": STROKES[ways[i].key] ?? 3, "stroke-dasharray": solid ? null : "6 4" }))));
    dots.replaceChildren(...order.map((i) => svg("circle", { cx: x(lengths[state.at]), cy: y(values[i][state.at]), r: 4, fill: ways[i].colour })));
    cursor.setAttribute("x1", x(lengths[state.at]));
    cursor.setAttribute("x2", x(lengths[state.at]));
    unit.textContent = note || "";
    draw.setAttribute("aria-label", `${name}${t("：", ": ")}${shown.map((i) => `${ways[i].name} ${words(values[i][state.at])}`).join(t("；", "; "))}`);
  }

  function paintRow({ tr, parts, lane, memory, spent, most }, i, now) {
    const [room, seconds] = [now.memory[i][state.at], now.seconds[i][state.at]];
    const fits = !now.machine || room <= now.machine.bytes;
    tr.classList.toggle("off", !state.on[i]);
    tr.classList.toggle("cannot", !fits);
    const about = now.sure && !now.sure[i][state.at] ? "≈ " : "";
    memory.textContent = `${about}${bytes(room)}${now.machine ? (fits ? " ✓" : " ✗") : ""}`;
    spent.textContent = `${now.machine ? "≈ " : about}${time(seconds)}`;
    lane.hidden = !now.machine;
    most.parentNode.hidden = !now.machine;
    if (!now.machine) return;
    lane.classList.toggle("over", !fits);
    const shares = filled([now.one.weights, now.one.cache[i][state.at], now.one.table[i][state.at]], now.machine.bytes);
    parts.forEach((part, k) => { part.style.width = `${shares[k].toFixed(2)}%`; });
    const far = now.most[i];
    most.textContent = far === null ? t("内存管不着", "no limit") : far === 0 ? "—" : roughly(far);
  }

  paint();
}

export default { render };
