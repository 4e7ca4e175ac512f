// Which tool to choose. Python sends the marks and the picture once; totals, order and what would change them are worked
// out here, with each move of a weight.

const LEVEL = 1e-9; // totals nearer than this are level
const TOP = 10; // the best mark

// ---- pure functions -------------------------------------------------------------------------------------------------

// The weighted mean of each candidate's marks, 0 to 10; NaN where every weight is 0. marks: (candidates, needs).
export function totals(marks, weights) {
  const whole = weights.reduce((a, b) => a + b, 0);
  return marks.map((row) => row.reduce((sum, mark, k) => sum + mark * weights[k], 0) / whole);
}

// Those with the highest total: one, or several that are level.
export function leaders(values) {
  const most = Math.max(...values);
  return values.flatMap((value, i) => (value >= most - LEVEL ? [i] : []));
}

// [candidate, rank] from the highest total down; those that are level share a rank.
export function ranking(values) {
  const order = values.map((_, i) => i).sort((a, b) => (Math.abs(values[a] - values[b]) <= LEVEL ? a - b : values[b] - values[a]));
  return order.map((i) => [i, 1 + values.filter((value) => value > values[i] + LEVEL).length]);
}

// The least change of one weight, in whole per cent up to 100, with which the winner is no longer ahead: {percent, to},
// `to` being who leads then; null where there is none, or no single winner to begin with.
export function flip(marks, weights, need) {
  const [winner, ...level] = leaders(totals(marks, weights));
  if (winner === undefined || level.length) return null;
  for (let percent = 1; percent <= 100; percent += 1) {
    for (const change of [percent, -percent]) {
      const moved = weights.map((weight, k) => (k === need ? weight * (1 + change / 100) : weight));
      const to = leaders(totals(marks, moved));
      if (to.length && !to.includes(winner)) return { percent: change, to };
    }
  }
  return null;
}

// The end of the sliders: a round number with room to double the largest weight.
export function reach(weights) {
  const most = 2 * Math.max(...weights);
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((digit) => digit * power).find((end) => end >= most * (1 - LEVEL));
}

// ---- the page -------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("选哪个工具", "Which tool to choose");
  const root = frame(model, host, "chooser", title);
  const [candidates, needs, marks, first, chart] = ["candidates", "needs", "marks", "weights", "chart"].map((key) => model.get(key));
  const end = reach(first);
  let weights = [...first];

  const quoted = (word) => `“${word}”`;
  const listed = (words) => (words.length < 2 ? words.join() : words.slice(0, -1).join(t("、", ", ")) + t("和", " and ") + words.at(-1));
  const named = (them) => listed(them.map((i) => candidates[i]));
  const told = (them) => listed(them.map((i) => t(`“${candidates[i]}”`, candidates[i]))); // in a sentence
  const write = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };

  // -- parts that stay while their content changes, so that the keyboard's focus is never lost
  const knobs = needs.map((need, k) => {
    const input = el("input", { type: "range", min: 0, max: end, step: end / 100, "aria-label": t(`${quoted(need)}的权重`, `weight of ${quoted(need)}`), oninput: () => weigh(weights.with(k, Number(input.value))) });
    const [share, change] = [el("output", { class: "share" }), el("span", { class: "change" })];
    return { input, share, change, row: el("div", { class: "knob" }, el("span", { class: "need", title: need }, need), input, share, change) };
  });
  const says = el("p", { class: "says", "aria-live": "polite" });
  const body = el("tbody");
  const rows = candidates.map((name, i) => {
    const [rank, bar, total] = [el("td", { class: "rank" }), el("i", { class: "bar" }), el("b")];
    const cells = marks[i].map((mark) => el("td", { class: "mark" }, Number(mark.toFixed(2)).toString()));
    const tr = el("tr", {}, rank, el("th", { scope: "row", title: name }, name), ...cells, el("td", { class: "total" }, el("span", { class: "lane" }, bar), total));
    return { tr, rank, bar, total, cells };
  });
  const shares = needs.map(() => el("small"));
  const picture = chart.points && draw();
  const money = el("p", { class: "money" });
  root.append(
    el("header", {}, el("p", { class: "heading" }, title),
      el("span", {}, el("button", { class: "even", onclick: () => weigh(needs.map(() => end / 2)) }, t("权重都一样", "All weights equal")), " ",
        el("button", { class: "first", onclick: () => weigh([...first]) }, t("恢复开头的权重", "Weights as at first")))),
    el("div", { class: "knobs", role: "group", "aria-label": t("各项需求的权重", "Weights of the needs") },
      el("div", { class: "knob head", "aria-hidden": "true" }, el("span", {}, t("需求", "Need")), el("span", {}, t("权重", "Weight")), el("span", { class: "share" }, t("占比", "Share")), el("span", { class: "change" }, t("改多少就换人", "A change that decides"))),
      ...knobs.map(({ row }) => row)),
    says,
    el("div", { class: picture && needs.length <= 4 ? "views two" : "views" },
      el("table", {},
        el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "rank" }, el("span", { class: "sr-only" }, t("名次", "rank"))), el("th", { scope: "col", class: "candidate" }, t("候选", "Candidate")),
          ...needs.map((need, k) => el("th", { scope: "col", class: "mark", title: need }, need, shares[k])), el("th", { scope: "col", class: "total" }, t("总分", "Total")))),
        body),
      picture && el("figure", {}, picture.box, money)),
    el("p", { class: "hint" }, t(
      "总分是各项分数（0 到 10）按权重的平均。格子越浓，这一项给总分添得越多。“改多少就换人”：只动这一个权重，至少要加或减百分之几，第一名才会换（最多看到加倍或减到 0）。",
      "The total is the mean of the marks (0 to 10), weighted. A denser cell adds more to the total. “A change that decides”: by how many per cent this weight alone must rise or fall before another leads (looked for up to double, and down to nothing)."),
    picture && t(
      `图里的横轴是对数；竖线是质量的区间；蓝线是前沿：花到这么多，最好能得到什么。灰色的被比下去了：有一个不比它贵，也不比它差。区间重叠时，这也可能是碰巧。`,
      ` In the picture the axis of cost is logarithmic; upright lines are intervals of the quality; the blue line is the frontier: the best to be had up to each cost. Grey is dominated: another costs no more and is no worse. Where intervals overlap, that may be chance.`)));

  function draw() {
    const [left, upper, right, lower] = chart.plot;
    const dots = chart.points.map((p, i) => {
      const words = `${candidates[i]}: ${chart.axes[0]} ${p.quality} (${p.interval.join(" – ")}), ${chart.axes[1]} ${p.cost}`;
      return svg("g", { class: p.beaten === null ? "point" : "point beaten" }, svg("title", {}, words),
        svg("path", { class: "interval", d: `M${p.x - 4} ${p.high}h8M${p.x - 4} ${p.low}h8M${p.x} ${p.low}V${p.high}` }),
        svg("circle", { class: "ring", cx: p.x, cy: p.y, r: 9 }), svg("circle", { class: "dot", cx: p.x, cy: p.y, r: 5 }),
        svg("text", { class: "name", x: p.label.x, y: p.label.y, "text-anchor": p.label.anchor }, p.label.text));
    });
    const numbers = chart.points.map((p, i) => `${candidates[i]} ${p.quality} / ${p.cost}`).join(t("；", "; "));
    const box = svg("svg", { viewBox: `0 0 ${right + 14} ${lower + 58}`, role: "img", "aria-label": t(`${chart.axes.join(" 对 ")}：`, `${chart.axes.join(" against ")}: `) + numbers },
      svg("rect", { class: "ground", x: left, y: upper, width: right - left, height: lower - upper }),
      ...chart.ys.flatMap(([y, words]) => [svg("path", { class: "grid", d: `M${left} ${y}H${right}` }), svg("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, words)]),
      ...chart.xs.flatMap(([x, words]) => [svg("path", { class: "grid", d: `M${x} ${upper}V${lower}` }), svg("text", { x, y: lower + 18, "text-anchor": "middle" }, words)]),
      svg("text", { x: left, y: 12 }, `↑ ${chart.axes[0]}`), svg("text", { x: right, y: lower + 38, "text-anchor": "end" }, `${chart.axes[1]} →`),
      svg("path", { class: "frontier", d: chart.line }), ...dots);
    return { box, dots };
  }

  // -- moves: each ends with the page painted
  function weigh(wanted) {
    weights = wanted;
    paint();
  }

  function paint() {
    const values = totals(marks, weights);
    const whole = weights.reduce((a, b) => a + b, 0);
    const ahead = leaders(values);
    const flips = needs.map((_, k) => flip(marks, weights, k));
    knobs.forEach(({ input, share, change }, k) => {
      input.value = weights[k];
      const part = wholePercent(weights[k] / (whole || 1));
      write(share, part);
      write(shares[k], part);
      input.setAttribute("aria-valuetext", part);
      write(change, needed(flips[k], weights[k], ahead));
      change.title = change.textContent;
    });
    says.replaceChildren(...sentence(values, ahead, flips));
    const order = ranking(values);
    body.replaceChildren(...order.map(([i]) => rows[i].tr));
    const most = Math.max(LEVEL, ...marks.flatMap((row) => row.map((mark, k) => mark * weights[k])));
    for (const [i, rank] of order) {
      const { tr, bar, total, cells } = rows[i];
      tr.classList.toggle("ahead", ahead.includes(i));
      write(rows[i].rank, whole ? String(rank) : "–");
      write(total, whole ? values[i].toFixed(2) : "–");
      bar.style.width = `${whole ? (100 * values[i]) / TOP : 0}%`;
      cells.forEach((cell, k) => cell.style.setProperty("--part", ((marks[i][k] * weights[k]) / most).toFixed(3)));
    }
    picture?.dots.forEach((dot, i) => dot.classList.toggle("ahead", ahead.includes(i)));
    if (picture) write(money, worth(ahead));
  }

  // What beside a slider stands: the change of this weight that decides.
  function needed(found, weight, ahead) {
    if (ahead.length !== 1) return "–";
    if (!weight) return t("现在不算", "counts for nothing");
    if (!found) return t("怎么改都不换", "none");
    const size = Math.abs(found.percent);
    return found.percent > 0 ? t(`加 ${size}% → ${named(found.to)}`, `${size}% more → ${named(found.to)}`) : t(`减 ${size}% → ${named(found.to)}`, `${size}% less → ${named(found.to)}`);
  }

  function sentence(values, ahead, flips) {
    if (!ahead.length) return [t("权重全是 0：没有什么可比的。", "Every weight is 0: there is nothing to go by.")];
    const lead = el("b", {}, named(ahead));
    const score = values[ahead[0]].toFixed(2);
    if (ahead.length > 1) return [lead, t(`并列第一，都是 ${score} 分（满分 ${TOP}）：权重再动一点就分出高下。`, ` are level at ${score} of ${TOP}: the least move of a weight on which they differ decides.`)];
    const second = leaders(values.map((value, i) => (i === ahead[0] ? -1 : value)));
    const gap = (values[ahead[0]] - values[second[0]]).toFixed(2);
    const begin = [t("第一名：", "First is "), lead, t(`，${score} 分（满分 ${TOP}），比${told(second)}多 ${gap}。`, `, ${score} of ${TOP}, ${gap} more than ${named(second)}. `)];
    const [k] = flips.map((found, i) => i).filter((i) => flips[i]).sort((a, b) => Math.abs(flips[a].percent) - Math.abs(flips[b].percent));
    if (k === undefined) return [...begin, t("只改一个权重，加倍也好，减到 0 也好，它都是第一。", "No weight alone, doubled or down to nothing, would change that.")];
    const { percent, to } = flips[k];
    const size = Math.abs(percent);
    return [...begin, percent > 0
      ? t(`${quoted(needs[k])}再重 ${size}%，第一名就换成${told(to)}。`, `If ${quoted(needs[k])} weighs ${size}% more, it moves to ${named(to)}.`)
      : t(`${quoted(needs[k])}再轻 ${size}%，第一名就换成${told(to)}。`, `If ${quoted(needs[k])} weighs ${size}% less, it moves to ${named(to)}.`)];
  }

  // What the picture says of the table's winner.
  function worth(ahead) {
    if (ahead.length !== 1) return "";
    const { beaten } = chart.points[ahead[0]];
    const name = told(ahead);
    return beaten === null
      ? t(`表里的第一名${name}（橙圈）在前沿上：别的候选没有一个这么好又这么便宜。`, `The table's first, ${name} (ringed), is on the frontier: no other is as good for as little.`)
      : t(`表里的第一名${name}（橙圈）不在前沿上：${told([beaten])}不比它贵，也不比它差。`, `The table's first, ${name} (ringed), is not on the frontier: ${candidates[beaten]} costs no more and is no worse.`);
  }

  paint();
}

export default { render };
