// The fit calculator. Python sends what decides: each model's parameters, each card's figures; the sums are done here,
// as in aigc_course/serving.py.

const COUNTS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const CONTEXT = [9, 17]; // powers of 2: 512 to 131,072 tokens
const USERS = [0, 12]; // 1 to 4,096

// ---- maths ----------------------------------------------------------------------------------------------------------

const parameters = (model) => model.always + model.routed;

// Bytes on each card; left < 0: it does not fit.
export function memory(model, card, bytes, share, { n, context, users }) {
  const weights = (parameters(model) * bytes) / n;
  const kv = (model.kv * 2 * context * users) / n;
  return { weights, kv, left: card.memory * share - weights - kv };
}

// The fewest of 1, 2, 4 … cards that it fits; null if more than 1024.
export function cardsNeeded(model, card, bytes, share, asked) {
  for (let n = 1; n <= 1024; n *= 2) if (memory(model, card, bytes, share, { ...asked, n }).left >= 0) return n;
  return null;
}

// How many texts of this context fit at once.
export function usersThatFit(model, card, bytes, share, { n, context }) {
  const room = card.memory * share * n - parameters(model) * bytes;
  return Math.max(0, Math.floor(room / (model.kv * 2 * context)));
}

// The shortest time of one step in which each user gets a token: {reading, computing} in seconds.
export function step(model, card, form, bytes, { n, context, users }) {
  const wanted = model.experts ? 1 - (1 - model.chosen / model.experts) ** users : 0;
  const read = (model.always + model.routed * wanted) * bytes + users * model.kv * 2 * context;
  const active = model.always + (model.experts ? (model.routed * model.chosen) / model.experts : 0);
  const operations = users * (2 * active + model.mixing * context);
  return { reading: read / (n * card.bandwidth), computing: operations / (n * card.rates[form]) };
}

export function costPerMillion(pricePerHour, tokensPerSecond, busy) {
  return (pricePerHour / (3600 * tokensPerSecond * busy)) * 1e6;
}

// Three digits that mean something, with separators.
export function figure(x) {
  if (x === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(x))));
  return Number(x.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: Math.min(digits, 6) });
}

// ---- the page -------------------------------------------------------------------------------------------------------

function render({ model: view, el: host }) {
  const t = translator(view);
  const title = t("放得下吗？计算器", "Does it fit? The calculator");
  const root = frame(view, host, "fit", title);
  const [models, cards, forms, share] = [view.get("models"), view.get("cards"), view.get("forms"), view.get("usable").memory];
  const named = (list, name) => list.find((one) => one.name === name);
  const state = { ...view.get("start") };

  // what to choose
  const select = (name, label, values, words) => {
    const input = el("select", { onchange: () => change({ [name]: name === "n" ? Number(input.value) : input.value }) },
      ...values.map((value) => el("option", { value }, words(value))));
    return { input, box: el("label", { class: "choice" }, el("span", {}, label), input) };
  };
  const power = (name, label, [low, high], unit) => {
    const value = el("output", {});
    const input = el("input", { type: "range", min: low, max: high, step: 1, "aria-label": label, oninput: () => change({ [name]: 2 ** Number(input.value) }) });
    const show = () => {
      input.value = Math.round(Math.log2(state[name]));
      value.textContent = `${state[name].toLocaleString("en")} ${unit}`.trim();
      input.setAttribute("aria-valuetext", value.textContent);
    };
    return { show, box: el("label", { class: "slider" }, el("span", { class: "head" }, el("span", {}, label), value), input) };
  };
  const number = (label, value, limits, unit) => {
    const input = el("input", { type: "number", value, ...limits, "aria-label": label, oninput: () => paint() });
    return { input, box: el("label", { class: "choice" }, el("span", {}, label), el("span", { class: "priced" }, input, unit)) };
  };
  const which = select("model", t("模型", "Model"), models.map((m) => m.name), (name) => name);
  const card = select("card", t("卡", "Card"), cards.map((c) => c.name), (name) => `${name} · ${figure(named(cards, name).memory / 1e9)} GB`);
  const n = select("n", t("几张", "How many"), COUNTS, String);
  const form = select("form", t("数字格式", "Number format"), Object.keys(forms), (name) => name.toUpperCase());
  const context = power("context", t("每人的上下文", "Context of each user"), CONTEXT, t("个 token", "tokens"));
  const users = power("users", t("同时的用户", "Users at once"), USERS, "");
  const price = number(t("每张卡每小时", "One card for one hour"), "", { min: 0, step: 0.1 }, t("元", "yuan"));
  const reach = number(t("实际达到上限的", "In practice, of the bound"), view.get("usable").reach, { min: 1, max: 100, step: 1 }, "%");
  const busy = number(t("有活干的时间", "Busy, of the time"), 100, { min: 1, max: 100, step: 1 }, "%");
  const rows = view.get("lecture").map((row) =>
    el("button", { onclick: () => change({ ...row, model: "DeepSeek-R1" }) }, `${row.n} × ${row.card}`));

  // what comes of it
  const part = (kind) => el("span", { class: `part ${kind}` });
  const parts = { weights: part("weights"), kv: part("kv"), left: part("left"), rest: part("rest") };
  const edge = el("span", { class: "edge", "aria-hidden": "true" });
  const bar = el("div", { class: "memory", role: "img" }, ...Object.values(parts), edge);
  const verdict = el("p", { class: "verdict", "aria-live": "polite" });
  const facts = el("dl", { class: "facts" });
  const trouble = notice();
  const key = (kind, words) => el("span", { class: "key" }, el("span", { class: `swatch ${kind}` }), words);

  root.append(
    el("header", {}, el("p", { class: "heading" }, title),
      el("p", { class: "legend" }, key("weights", t("权重", "weights")), key("kv", t("KV 缓存", "KV cache")), key("left", t("还空着", "left")), key("rest", t("运算和程序", "computing, program")))),
    el("div", { class: "lecture", role: "group", "aria-label": t("讲座的部署表", "The lecture's table") }, el("span", {}, t("讲座的表：", "The lecture's rows:")), ...rows),
    el("div", { class: "choices" }, which.box, card.box, n.box, form.box),
    el("div", { class: "choices two" }, context.box, users.box),
    verdict, bar, trouble.line,
    el("div", { class: "choices" }, price.box, reach.box, busy.box),
    facts);

  function change(what) {
    const before = state.card;
    Object.assign(state, what);
    const { rates, price: rent } = named(cards, state.card);
    trouble.say("");
    if (!rates[state.form]) {
      trouble.say(t(`${state.card} 不能用 ${state.form.toUpperCase()} 计算，已换成 BF16。`, `${state.card} cannot compute in ${state.form.toUpperCase()}; BF16 is used instead.`));
      state.form = "bf16";
    }
    if (state.card !== before || what === state) price.input.value = rent ? rent.toFixed(1) : "";
    for (const [name, { input }] of Object.entries({ model: which, card, n, form })) input.value = state[name];
    for (const option of form.input.options) option.disabled = !rates[option.value];
    context.show();
    users.show();
    paint();
  }

  function paint() {
    const [model, one, bytes] = [named(models, state.model), named(cards, state.card), forms[state.form]];
    const held = memory(model, one, bytes, share, state);
    const gb = (x) => `${figure(x / 1e9)} GB`;
    const [fits, rest] = [held.left >= 0, one.memory * (1 - share)];
    const whole = Math.max(one.memory, held.weights + held.kv + rest);
    const sizes = { weights: held.weights, kv: held.kv, left: Math.max(0, held.left), rest };
    for (const [kind, node] of Object.entries(parts)) node.style.width = `${(100 * sizes[kind]) / whole}%`;
    edge.style.left = `${(100 * one.memory) / whole}%`;
    edge.hidden = fits;
    root.classList.toggle("over", !fits);
    const needed = cardsNeeded(model, one, bytes, share, state);
    const most = usersThatFit(model, one, bytes, share, state);
    const all = needed === null ? t("1024 张也不够", "even 1,024 are too few") : t(`要 ${needed} 张`, `it takes ${needed}`);
    verdict.textContent = fits
      ? t(`放得下。每张卡还空着 ${gb(held.left)}。`, `It fits, with ${gb(held.left)} left on each card.`)
      : t(`放不下：每张卡超出 ${gb(-held.left)}；${all}。`, `It does not fit: ${gb(-held.left)} too much on each card; ${all}.`);
    bar.setAttribute("aria-label", t(`每张卡 ${gb(one.memory)}：权重 ${gb(held.weights)}，KV 缓存 ${gb(held.kv)}`, `Each card, ${gb(one.memory)}: weights ${gb(held.weights)}, KV cache ${gb(held.kv)}`));
    const spent = step(model, one, state.form, bytes, state);
    const speed = state.users / Math.max(spent.reading, spent.computing);
    const [rent, reached, worked] = [price, reach, busy].map(({ input }) => input.valueAsNumber);
    const priced = rent >= 0 && reached > 0 && reached <= 100 && worked > 0 && worked <= 100;
    const cost = priced && `${figure(costPerMillion(rent * state.n, (speed * reached) / 100, worked / 100))} ${t("元", "yuan")}`;
    const fact = (term, value) => el("div", {}, el("dt", {}, term), el("dd", {}, value));
    facts.replaceChildren(
      fact(t("权重，一共", "weights, in all"), gb(parameters(model) * bytes)),
      fact(t("KV 缓存，每个用户", "KV cache, each user"), gb(model.kv * 2 * state.context)),
      fact(t("最多容几个用户", "users that fit"), figure(most)),
      fact(t("token/秒，一共，上限", "tokens/s in all, bound"), fits ? figure(speed) : "–"),
      fact(t("token/秒，每个用户", "tokens/s, each user"), fits ? figure(speed / state.users) : "–"),
      fact(t("卡在哪里", "limited by"), !fits ? "–" : spent.reading >= spent.computing ? t("读内存", "reading memory") : t("运算", "computing")),
      fact(t("写一百万个 token", "a million tokens written"), !fits ? "–" : cost || t("请填好价钱和比例", "fill in price and shares")),
    );
  }

  change(state);
}

export default { render };
