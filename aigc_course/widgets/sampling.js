// The next-token steering wheel. Python sends the logits of a context once; the sliders work on them here.

const SHOWN = 12; // candidates with a bar of their own
const TO_THE_END = 40; // tokens that one press of "to the end" may write

function sliders(t) {
  return [
    { key: "temperature", name: t("温度 temperature", "Temperature"), min: 0.1, max: 2, step: 0.05, off: 1,
      hint: t("越低越专一，越高越随意", "lower: surer; higher: wilder") },
    { key: "topK", name: "top-k", min: 1, max: 50, step: 1, off: 50,
      hint: t("只留概率最高的 k 个", "keep the k likeliest") },
    { key: "topP", name: "top-p", min: 0.05, max: 1, step: 0.01, off: 1,
      hint: t("从高到低，留到合计达到 p", "keep the likeliest until they reach p") },
    { key: "minP", name: "min-p", min: 0, max: 0.5, step: 0.01, off: 0,
      hint: t("至少是最高者的 p 倍", "at least p times the likeliest") },
  ];
}

// What the page knows of a context: Python's reply with the logits unpacked and ranked.
function unpack(reply, bytes) {
  const logits = Float32Array.from(new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)));
  const order = rank(logits);
  const truth = reply.truth && new Map(reply.truth);
  return { logits, order, truth, raw: softmax(logits), top: Array.from(order.slice(-SHOWN).reverse()) };
}

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("下一个 token 的方向盘", "The next-token steering wheel");
  const root = frame(model, host, "wheel", title);
  const labels = new Map();
  const trouble = notice();
  const state = { settings: { ...NEUTRAL }, here: null, begun: null, prompt: 0, seed: model.get("seed"), draws: 0, busy: false };

  // -- parts that stay while their content changes, so that the keyboard's focus is never lost
  const legend = el("p", { class: "legend" },
    el("span", { class: "swatch model" }), t("模型", "model"),
    el("span", { class: "swatch truth" }), t("真实概率", "true probability"),
    el("span", { class: "swatch ghost" }), t("模型，调节之前", "model, before the sliders"));
  const prompt = el("input", { type: "text", value: model.get("prompt"), "aria-label": t("开头的文字", "The text to begin with"), maxlength: 400 });
  const form = el("form", { class: "opening", onsubmit: begin }, prompt, el("button", { type: "submit" }, t("从这里开始", "Begin here")));
  const spoken = el("p", { class: "sr-only", "aria-live": "polite" });
  const chips = el("div", { class: "chips", role: "group", "aria-label": t("目前的文字；按一个 token 就退回到它", "The text so far; press a token to go back to it") });
  const draw = el("button", { class: "main", onclick: () => go(drawn()) }, t("抽一个", "Draw one"));
  const greedy = el("button", { onclick: () => go(state.here.context.top[0]) }, t("选最高的", "Take the likeliest"));
  const onward = el("button", { onclick: toTheEnd }, t("一直抽到结尾", "Draw to the end"));
  const restart = el("button", { onclick: () => visit(state.begun) }, t("回到开头", "Back to the start"));
  const seed = el("input", { type: "number", value: state.seed, min: 0, max: 99999, step: 1, oninput: reseed });
  const count = el("span", { class: "tally" });
  const actions = el("div", { class: "actions" }, draw, greedy, onward, restart,
    el("label", { class: "seed", title: t("同一个种子抽出同样的结果", "The same seed draws the same tokens") }, t("随机种子", "Seed"), seed), count);
  const rows = Array.from({ length: SHOWN + 1 }, (_, i) => row(i === SHOWN));
  const columns = el("div", { class: "candidate columns", "aria-hidden": "true" }, el("span"), el("span"), el("span", {}, t("模型", "model")), el("span", {}, t("真实", "true")));
  const bars = el("div", { class: "bars", role: "group", "aria-label": t("下一个 token 的候选；按一个就选定它", "Candidates for the next token; press one to force it") }, ...rows.map((r) => r.line));
  const kept = el("p", { class: "kept", "aria-live": "polite" });
  const ended = el("p", { class: "ended", hidden: true }, t("文字到此结束。按上面的任何一个 token，就能退回去换一条路。", "The text ends here. Press any token above to go back and take another way."));
  const about = el("p", { class: "about", hidden: true }, t("语法写不出这段文字，所以这里没有真实概率可比。", "The grammar cannot produce this text, so there is no true probability to compare with."));
  const controls = sliders(t).map(slider);
  const reset = el("button", { onclick: neutral }, t("恢复原样", "Reset the sliders"));
  const tree = el("nav", { class: "ways", hidden: true, "aria-label": t("试过的路", "Ways tried so far") });
  const tidyChips = roving(chips);
  const tidyBars = roving(bars);
  root.append(
    el("header", {}, el("p", { class: "heading" }, title), legend),
    form, chips, spoken, actions,
    el("div", { class: "work" }, el("div", {}, columns, bars, ended, about), el("div", { class: "dials" }, ...controls.map((c) => c.box), reset, kept)),
    trouble.line, tree);

  function row(isRest) {
    const name = el("span", { class: "name" });
    const ghost = el("span", { class: "bar ghost" });
    const bar = el("span", { class: "bar model" });
    const real = el("span", { class: "bar truth" });
    const p = el("span", { class: "p model" });
    const q = el("span", { class: "p truth" });
    const line = el(isRest ? "div" : "button", { class: isRest ? "candidate rest" : "candidate", onclick: isRest ? null : () => go(made.token) },
      name, el("span", { class: "lane" }, bar, ghost, real), p, q);
    const made = { line, name, ghost, bar, real, p, q, token: null };
    return made;
  }

  function slider({ key, name, hint, off, ...range }) {
    const value = el("output", {});
    const input = el("input", { type: "range", ...range, value: off, "aria-label": `${name}: ${hint}`, oninput: () => { read(); paint(); } });
    const read = () => {
      const x = Number(input.value);
      const isOff = x === off && key !== "temperature";
      state.settings[key] = isOff ? NEUTRAL[key] : x;
      value.textContent = isOff ? t("不用", "off") : key === "topK" ? String(x) : x.toFixed(2);
      input.setAttribute("aria-valuetext", value.textContent);
    };
    read();
    return { input, off, read, box: el("label", { class: "slider" }, el("span", { class: "head" }, el("b", {}, name), value), input, el("small", {}, hint)) };
  }

  function neutral() {
    for (const { input, off, read } of controls) {
      input.value = off;
      read();
    }
    paint();
  }

  function reseed() {
    state.seed = Math.trunc(Number(seed.value)) || 0;
    state.draws = 0;
    paint();
  }

  function drawn() {
    const { logits, order } = state.here.context;
    const token = pick(warp(logits, state.settings, order), uniform(state.seed, state.draws));
    state.draws += 1;
    return token;
  }

  // -- moves: each ends with the page showing `state.here`
  function learn(reply) {
    for (const [id, label] of reply.labels) labels.set(id, label);
  }

  function plant(reply, bytes) {
    learn(reply);
    const nodes = reply.ids.reduce((made, token) => [...made, node(made.at(-1) ?? null, token)], []);
    Object.assign(state, { here: nodes.at(-1), begun: nodes.at(-1), prompt: nodes.length, draws: 0 });
    state.here.context = unpack(reply, bytes);
    show();
  }

  async function wait(question) {
    state.busy = true;
    root.setAttribute("aria-busy", "true");
    try {
      trouble.say("");
      return await ask(model, question, (late) => trouble.say(late ? silence(model) : ""));
    } catch (error) {
      trouble.say(error.message);
      return null;
    } finally {
      state.busy = false;
      root.removeAttribute("aria-busy");
    }
  }

  async function begin(event) {
    event.preventDefault();
    const answer = await wait({ kind: "begin", prompt: prompt.value });
    if (answer) plant(answer[0], answer[1][0]);
  }

  async function visit(place) {
    if (state.busy) return false;
    if (!place.context) {
      const answer = await wait({ kind: "context", ids: path(place).map((n) => n.token) });
      if (!answer) {
        if (!place.children.length && place !== state.here) place.parent.children.splice(place.parent.children.indexOf(place), 1);
        return false;
      }
      learn(answer[0]);
      place.context = unpack(answer[0], answer[1][0]);
    }
    state.here = place;
    show();
    return true;
  }

  const go = (token) => (state.busy || isEnd(state.here) ? false : visit(grow(state.here, token)));
  const isEnd = (place) => model.get("ends").includes(place.token) && place.at >= state.prompt;

  async function toTheEnd() {
    for (let i = 0; i < TO_THE_END && !isEnd(state.here); i += 1) if (!(await go(drawn()))) return;
  }

  // -- painting
  const word = (token) => labels.get(token) ?? `#${token}`;
  const said = (token) => word(token).replace("␣", "");

  // A token's characters; the sign for its space is paler, and an end token says what it means.
  function written(token) {
    const [space, rest] = word(token).startsWith("␣") ? ["␣", word(token).slice(1)] : ["", word(token)];
    const note = model.get("ends").includes(token) ? el("small", {}, t(" 结束", " end")) : null;
    return [space && el("span", { class: "pale" }, space), rest, note].filter((part) => part);
  }

  function chip(place) {
    const current = place === state.here;
    return el("button", {
      class: `chip${place.at < state.prompt ? " given" : ""}${current ? " here" : ""}`,
      "aria-current": current ? "true" : null,
      onclick: () => visit(place),
    }, ...written(place.token));
  }

  function show() {
    const hadFocus = chips.contains(document.activeElement);
    const nodes = path(state.here);
    chips.replaceChildren(...nodes.map(chip));
    spoken.textContent = nodes.slice(1).map((n) => said(n.token)).join(" ");
    tidyChips();
    if (hadFocus) chips.querySelector(".here").focus();
    grown();
    paint();
  }

  function branch({ nodes, forks }) {
    const on = new Set(path(state.here));
    const line = nodes.map((n) => el("button", { class: on.has(n) ? "twig on" : "twig", "aria-current": n === state.here ? "true" : null, onclick: () => visit(n) }, ...written(n.token)));
    return el("li", {}, el("span", { class: "stretch" }, ...line), forks.length ? el("ul", {}, ...forks.map(branch)) : null);
  }

  function grown() {
    const forked = path(state.here).some((n) => n.children.length > 1) || state.here.children.length > 0;
    tree.hidden = !forked;
    if (forked) tree.replaceChildren(el("p", {}, t("试过的路（按一处就跳过去）", "Ways tried so far (press one to go there)")), el("ul", {}, branch(stretches(path(state.begun)[0]))));
  }

  function paint() {
    const { logits, order, raw, truth, top } = state.here.context;
    const probs = warp(logits, state.settings, order);
    const moved = Object.keys(NEUTRAL).some((key) => state.settings[key] !== NEUTRAL[key]);
    const over = isEnd(state.here);
    const alive = probs.reduce((n, p) => n + (p > 0), 0);
    const stays = probs.reduce((sum, p, i) => sum + (p > 0 ? raw[i] : 0), 0);
    rows.forEach((r, i) => {
      const token = top[i];
      const rest = i === SHOWN;
      const sum = (of) => (rest ? Math.max(0, 1 - top.reduce((s, id) => s + of(id), 0)) : of(token));
      r.line.hidden = over || (!rest && token === undefined);
      if (r.line.hidden) return;
      const p = sum((id) => probs[id]);
      const q = truth ? sum((id) => truth.get(id) ?? 0) : null;
      const cut = rest ? p < 1e-12 && moved : p === 0;
      if (rest) r.name.textContent = t(`其余 ${logits.length - top.length} 个`, `${logits.length - top.length} others`);
      else if (r.token !== token) r.name.replaceChildren(...written(token));
      r.token = token;
      r.line.classList.toggle("cut", cut);
      const before = sum((id) => raw[id]);
      r.ghost.hidden = !moved || before < 0.002; // thinner than its own outline
      r.ghost.style.width = `${100 * before}%`;
      r.bar.style.width = `${100 * p}%`;
      r.real.style.width = `${100 * (q ?? 0)}%`;
      r.p.textContent = cut ? t("剪掉", "cut") : percent(p);
      r.q.textContent = q === null ? "" : percent(q);
      if (!rest) r.line.setAttribute("aria-label", `${said(token)}: ${t("模型", "model")} ${r.p.textContent}${q === null ? "" : `, ${t("真实", "true")} ${r.q.textContent}`}`);
    });
    tidyBars();
    for (const button of [draw, greedy, onward]) button.disabled = over;
    ended.hidden = !over;
    columns.hidden = over;
    about.hidden = over || truth !== null;
    kept.hidden = over;
    kept.textContent = alive === probs.length ? t("没有剪掉任何 token。", "No token is cut.") : t(`留下 ${alive} 个 token，它们原有 ${percent(stays)} 的概率。`, `${alive} tokens stay; they had ${percent(stays)} of the probability.`);
    count.textContent = t(`已抽 ${state.draws} 次`, `${state.draws} drawn`);
  }

  plant(model.get("start"), model.get("logits"));
}

export default { render };
