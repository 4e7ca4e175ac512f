// The trace player. Python sends what two models wrote, and their answers at every budget; the page only moves.

const PACE = 140; // ms between two tokens while playing
const LOW = { y: 0.6, height: 0.4 }; // a wrong answer's cell in the strip is low: colour alone must not tell

// ---- pure functions -------------------------------------------------------------------------------------------------

// The tokens that a run writes with this budget: [{label, kind, line}], kind "tag", "think" or "answer"; a closing tag
// that the budget forced has forced: true.
export function flow(run, budget) {
  const n = run.thinking.length;
  const b = Math.min(budget, n);
  const answer = run.answers[b].map((label) => ({ label, kind: "answer" }));
  if (!n) return answer;
  const thinking = run.thinking.slice(0, b).map(([label, line]) => ({ label, line, kind: "think" }));
  const closing = { label: "</think>", kind: "tag", forced: b < n };
  return [{ label: "<think>", kind: "tag" }, ...thinking, closing, ...answer];
}

// The lines of the thinking after `at` tokens of a flow: [{line, labels, whole}]; whole: nothing of it is missing.
export function linesOf(run, tokens, at) {
  const size = new Map();
  for (const [, line] of run.thinking) size.set(line, (size.get(line) ?? 0) + 1);
  const found = [];
  for (const { label, line, kind } of tokens.slice(0, at)) {
    if (kind !== "think") continue;
    if (found.at(-1)?.line !== line) found.push({ line, labels: [] });
    found.at(-1).labels.push(label);
  }
  return found.map((one) => ({ ...one, whole: one.labels.length === size.get(one.line) }));
}

// How many tokens of thinking the longest run has: the end of the slider.
export function fullBudget(trace) {
  return Math.max(...trace.runs.map((run) => run.thinking.length));
}

// "right", "wrong", or null where the truth is not known.
export function verdict(trace, run, budget) {
  if (!trace.truth) return null;
  return run.values[Math.min(budget, run.thinking.length)] === trace.truth.answer ? "right" : "wrong";
}

// ---- the page -------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("思考播放器", "The trace player");
  const root = frame(model, host, "player", title);
  const trouble = notice();
  const names = model.get("names");
  const traces = [...model.get("traces")];
  const state = { chosen: model.get("chosen"), budget: 0, at: 0, busy: false };
  const MARK = {
    right: ["✓", t("这一步对", "this step is right")],
    first: ["✗", t("从这一步开始错", "it goes wrong here")],
    after: ["↯", t("跟着前面错了", "wrong because of what came before")],
  };

  const list = el("div", { class: "switch list", role: "group", "aria-label": t("选一道题", "Choose a story") });
  const own = el("input", { type: "text", maxlength: 600, "aria-label": t("你自己的题", "A story of your own"),
    placeholder: t("或者自己写一道，例如：小明有8个苹果，又买了5个，现在有几个？", "or write your own: Tom has 8 apples and buys 5 more. How many are there now?") });
  const form = el("form", { class: "own", onsubmit: ask_own }, own, el("button", { type: "submit" }, t("问两个模型", "Ask both")));
  const story = el("p", { class: "story" });
  const warning = el("p", { class: "outside", role: "status", hidden: true });
  const { button: play, stop } = player(model, PACE, () => [state.at, length()], go);
  const back = el("button", { onclick: () => move(state.at - 1) }, t("退一步", "Step back"));
  const forth = el("button", { onclick: () => move(state.at + 1) }, t("进一步", "Step on"));
  const home = el("button", { onclick: () => move(0) }, t("回到开头", "To the start"));
  const end = el("button", { onclick: () => move(Infinity) }, t("到结尾", "To the end"));
  const tally = el("span", { class: "tally" });
  const actions = el("div", { class: "actions" }, play, back, forth, home, end, tally);
  const sides = names.map(side);
  const slider = el("input", { type: "range", min: 0, step: 1, "aria-label": t("思考预算：最多几个思考 token", "Thinking budget: at most so many thinking tokens"), oninput: cut });
  const told = el("output", { "aria-live": "polite" });
  const strip = svg("svg", { class: "strip", preserveAspectRatio: "none", "aria-hidden": "true" });
  const hint = el("small", {}, t("色条：每个预算下的答案，高的绿色是对，矮的红色是错。", "The strip tells of the answer at every budget: tall and green is right, low and red is wrong."));
  const dial = el("div", { class: "dial" },
    el("label", {}, el("span", { class: "head" }, el("b", {}, t("思考预算", "Thinking budget")), told), slider), strip, hint);
  const tidy = roving(list);
  const legend = el("p", { class: "legend", "aria-hidden": "true" }, ...Object.entries(MARK).map(([key, [sign, words]]) => el("span", {}, el("span", { class: `mark ${key}` }, sign), ` ${words}`)));
  root.append(el("header", {}, el("p", { class: "heading" }, title), legend), list, form, story, warning, trouble.line, actions,
    el("div", { class: "sides" }, ...sides.map((one) => one.box)), dial);

  function side(name) {
    const count = el("span", { class: "count" });
    const lines = el("ol", { class: "lines" });
    const said = el("p", { class: "said", "aria-live": "polite" });
    return { count, lines, said, box: el("section", { class: "side", "aria-label": name }, el("p", { class: "name" }, el("b", {}, name), count), lines, said) };
  }

  const trace = () => traces[state.chosen];
  const flows = () => trace().runs.map((run) => flow(run, state.budget));
  const length = () => Math.max(...flows().map((tokens) => tokens.length));

  // -- moves: each ends with the page painted
  function choose(i) {
    stop();
    Object.assign(state, { chosen: i, budget: fullBudget(traces[i]), at: 0 });
    slider.max = state.budget;
    slider.value = state.budget;
    slider.disabled = state.budget === 0;
    [...list.children].forEach((button, k) => button.setAttribute("aria-pressed", String(k === i)));
    const { text, outside } = trace();
    story.textContent = text;
    warning.hidden = !outside;
    warning.textContent = outside ? `⚠ ${t(outside.zh, outside.en)}` : "";
    colour();
    tidy();
    paint();
  }

  function move(to) {
    stop();
    go(Math.max(0, Math.min(to, length())));
  }

  function go(at) {
    state.at = at;
    paint();
  }

  function cut() {
    stop();
    state.budget = Number(slider.value);
    state.at = length();
    paint();
  }

  async function ask_own(event) {
    event.preventDefault();
    if (state.busy) return;
    state.busy = true;
    root.setAttribute("aria-busy", "true");
    try {
      trouble.say("");
      const [reply] = await ask(model, { text: own.value }, (late) => trouble.say(late ? silence(model) : ""));
      traces.push(reply.trace);
      list.append(tab(traces.length - 1, t("你的题", "yours")));
      choose(traces.length - 1);
    } catch (error) {
      trouble.say(error.message);
    } finally {
      state.busy = false;
      root.removeAttribute("aria-busy");
    }
  }

  // -- painting
  function tab(i, words) {
    return el("button", { onclick: () => choose(i) }, words);
  }

  function steps({ operations: n }) {
    return n ? t(`${n} 步`, n === 1 ? "1 step" : `${n} steps`) : t("题", "story");
  }

  function colour() {
    const thinker = trace().runs.reduce((a, b) => (b.thinking.length > a.thinking.length ? b : a));
    const cells = thinker.values.map((_, b) => {
      const good = verdict(trace(), thinker, b);
      return svg("rect", { x: b, y: 0, width: 1, height: 1, ...(good === "wrong" ? LOW : {}), class: good ?? "unknown" });
    });
    strip.setAttribute("viewBox", `0 0 ${cells.length} 1`);
    strip.replaceChildren(...cells, svg("rect", { class: "here", y: 0, width: 1, height: 1 }));
    dial.hidden = cells.length < 2;
  }

  function paint() {
    const all = flows();
    const total = length();
    tally.textContent = t(`第 ${state.at} / ${total} 个 token`, `token ${state.at} of ${total}`);
    back.disabled = home.disabled = state.at === 0;
    forth.disabled = end.disabled = state.at >= total;
    trace().runs.forEach((run, i) => show(sides[i], run, all[i]));
    const n = fullBudget(trace());
    const said = trace().runs.map((run, i) => (run.thinking.length ? `${names[i]}: ${spoken(run)}` : "")).filter((one) => one).join(" ");
    told.textContent = t(`${state.budget} / ${n} 个思考 token　${said}`, `${state.budget} of ${n} thinking tokens, ${said}`);
    strip.querySelector(".here")?.setAttribute("x", Math.min(state.budget, n));
  }

  function spoken(run) {
    const value = run.values[Math.min(state.budget, run.thinking.length)];
    const sign = { right: " ✓", wrong: " ✗" }[verdict(trace(), run, state.budget)] ?? "";
    return (value === null ? t("没有答案", "no answer") : String(value)) + sign;
  }

  function show({ count, lines, said }, run, tokens) {
    const at = Math.min(state.at, tokens.length);
    const over = at === tokens.length;
    count.textContent = t(`写了 ${at} 个 token`, `${at} tokens`);
    const rows = linesOf(run, tokens, at).map(({ line, labels, whole }) => {
      const mark = whole && run.marks ? run.marks[line] : null;
      const sign = mark && el("span", { class: `mark ${mark}`, role: "img", "aria-label": MARK[mark][1], title: MARK[mark][1] }, MARK[mark][0]);
      return el("li", { class: mark && mark !== "right" ? "bad" : null }, ...labels.map((label) => el("span", { class: "tok" }, label)), sign);
    });
    const closing = tokens.findIndex((one) => one.kind === "tag" && one.label === "</think>");
    const forced = closing >= 0 && tokens[closing].forced && at > closing;
    if (run.thinking.length && at > 0) rows.unshift(el("li", { class: "tag" }, "<think>"));
    if (closing >= 0 && at > closing) rows.push(el("li", { class: forced ? "tag forced" : "tag" }, "</think>", forced ? el("small", {}, t(" 预算用完，到此为止", " the budget is spent")) : null));
    if (!run.thinking.length && at > 0) rows.push(el("li", { class: "tag" }, t("（没有步骤）", "(no steps)")));
    const answer = tokens.slice(0, at).filter((one) => one.kind === "answer").map(({ label }) => el("span", { class: label.startsWith("<") ? "tok tag" : "tok" }, label));
    lines.replaceChildren(...rows);
    const sign = over ? verdict(trace(), run, state.budget) : null;
    said.className = `said ${sign ?? ""}`;
    said.replaceChildren(...answer, ...(sign === "right" ? [t(" ✓ 对", " ✓ right")] : sign === "wrong" ? [t(` ✗ 应是 ${trace().truth.answer}`, ` ✗ it is ${trace().truth.answer}`)] : []));
  }

  list.append(...traces.map((one, i) => tab(i, steps(one))));
  choose(state.chosen);
  return stop;
}

export default { render };
