// How a model answers with tools. Python sends what happened; the page shows it one step after the other. Whatever a
// model wrote is put in as text, never as HTML.

// ---- pure functions -------------------------------------------------------------------------------------------------

// The scenes of a story, in order: [kind, index of the call]. A call that fails a check never reaches its tool.
export function scenes(story) {
  const calls = story.steps.flatMap((step, i) => [["call", i], ["check", i], step.fault ? ["refused", i] : ["tool", i]]);
  return [["question", null], ...calls, ["answer", null]];
}

// ---- the page -------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const t = translator(model);
  const title = t("模型怎样用工具", "How a model uses tools");
  const root = frame(model, host, "toolsteps", title);
  const stories = model.get("stories");
  const state = { story: 0, at: 0 };
  const scenesOf = () => scenes(stories[state.story]);

  // -- parts that stay while their content changes, so that the keyboard's focus is never lost
  const asked = stories.map(({ question }, i) => el("button", { onclick: () => choose(i) }, question));
  const list = el("div", { class: "asked", role: "group", "aria-label": t("选一个问题", "Choose a question"), hidden: stories.length < 2 }, ...asked);
  const back = el("button", { class: "back", onclick: () => go(state.at - 1) }, t("◀ 退一步", "◀ Step back"));
  const on = el("button", { class: "main on", onclick: () => go(state.at + 1) }, t("进一步 ▶", "Step on ▶"));
  const place = el("output", { class: "place" });
  const moves = el("div", { class: "moves", role: "group", "aria-label": t("一步一步看", "Step by step") }, back, on, place);
  const next = el("p", { class: "next" });
  const cards = el("ol", { "aria-live": "polite", "aria-relevant": "additions" });
  const settle = roving(list);
  root.append(
    el("header", {}, el("p", { class: "heading" }, title), legend()),
    el("div", { class: stories.length < 2 ? "stage" : "stage two" }, list, el("div", { class: "told" }, moves, cards, next)),
    el("p", { class: "hint" }, t(
      "模型只会写字。读出调用、检查、运行工具，都是程序做的；工具返回的也只是文字，模型读了再往下写。用左右方向键也能走。",
      "The model only writes text. Reading the call, checking it and running the tool is what the program does; what a tool returns is text too, and the model reads it and writes on. The left and right arrow keys step as well.")));
  const keys = { ArrowLeft: () => state.at - 1, ArrowRight: () => state.at + 1, Home: () => 0, End: () => scenesOf().length - 1 };
  moves.addEventListener("keydown", (event) => {
    if (!(event.key in keys) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(keys[event.key]());
  });

  function legend() {
    const who = [["model", t("模型", "model")], ["program", t("程序", "program")], ["tool", t("工具", "tool")]];
    return el("p", { class: "legend" }, ...who.map(([kind, words]) => el("span", {}, el("i", { class: kind }), words)));
  }

  // -- cards
  const code = (...inside) => el("code", {}, ...inside);
  const card = (kind, who, ...inside) => el("li", { class: `card ${kind}` }, el("p", { class: "who" }, who), el("div", { class: "what" }, ...inside));
  const note = (...words) => el("p", { class: "note" }, ...words);

  function draw([kind, i]) {
    const { question, steps, answer, tokens } = stories[state.story];
    const step = steps[i];
    if (kind === "question") return card("person", t("提问", "Question"), el("p", { class: "text" }, question));
    if (kind === "call") return card("model", t("模型写", "The model writes"), written(step), note(said(step)));
    if (kind === "check") return checked(step);
    if (kind === "refused") return card("program bad", t("程序返回", "The program returns"), code(step.result), note(t("没有运行任何工具：模型读到的是这条错误。", "No tool was run: this error is what the model gets to read.")));
    if (kind === "tool") {
      return card(step.failed ? "tool bad" : "tool", t("工具返回", "The tool returns"), code(step.result), note(step.failed
        ? t(`${step.name} 出错了：模型读到的是一条错误，不是结果。`, `${step.name} failed: the model gets to read an error, not a result.`)
        : t("模型读到的就是这些字。", "These words are what the model gets to read.")));
    }
    const ending = answer ? el("p", { class: "text" }, answer) : el("p", { class: "text none" }, t("（没有回答）", "(no answer)"));
    const calls = steps.length;
    const how = calls ? t(`途中写了 ${calls} 次调用`, `${calls} call${calls > 1 ? "s" : ""} on the way`) : t("没有调用工具", "No tool called");
    const long = tokens ? t(`，一共写了 ${tokens} 个 token`, `, ${tokens} tokens written in all`) : "";
    return card("model", t("模型回答", "The model answers"), ending, note(how, long, t("。", ".")));
  }

  // The call as it was written, its parts named under them.
  function written({ written: pieces }) {
    const names = { name: t("哪个工具", "which tool"), arguments: t("给它什么（参数）", "with what (arguments)") };
    const tag = (text) => el("span", { class: "tag" }, text);
    return el("div", { class: "call" }, tag("<tool_call>"),
      ...pieces.map(([text, part]) => (part ? el("span", { class: `part ${part}` }, code(text), el("small", {}, names[part])) : code(text))), tag("</tool_call>"));
  }

  function said({ checks, name }) {
    return checks[0] ? t(`它想用 ${name}。这时还什么都没有运行。`, `It wants ${name}. Nothing has been run yet.`) : t("它想写一个调用，但这些字读不成一个调用。", "It meant to write a call, but this text cannot be read as one.");
  }

  function checked({ checks, fault, rules, name, known }) {
    const [form, found, fits] = checks;
    const mark = (ok) => el("span", { class: ok === null ? "mark" : ok ? "mark ok" : "mark no" }, ok === null ? "–" : ok ? "✓" : "✗", el("span", { class: "sr-only" }, ok === null ? t("没有查", "not tried") : ok ? t("通过", "passed") : t("没通过", "failed")));
    const line = (ok, ...words) => el("li", { class: ok === null ? "untried" : "" }, mark(ok), el("span", {}, ...words, ok === false ? el("span", { class: "fault" }, " ", code(fault)) : ""));
    const table = rules.length ? el("table", {},
      el("thead", {}, el("tr", {}, ...[t("参数", "argument"), t("schema 的要求", "what the schema wants"), t("模型给的", "what the model gave")].map((words) => el("th", { scope: "col" }, words)))),
      el("tbody", {}, ...rules.map(([key, rule, value]) => el("tr", {}, el("th", { scope: "row" }, code(key)),
        el("td", {}, rule === null ? t("schema 里没有", "not in the schema") : code(rule)), el("td", {}, value === null ? t("没给", "nothing") : code(value)))))) : null;
    return card(fault ? "program bad" : "program", t("程序检查", "The program checks"),
      el("ul", { class: "checks" },
        line(form, t("是 JSON，有 name 和 arguments 吗？", "Is it JSON with name and arguments?")),
        line(found, name ? t(`${name} 在工具列表里吗？`, `Is ${name} on the list of tools?`) : t("工具在列表里吗？", "Is the tool on the list?"), el("span", { class: "known" }, t(`（列表：${known.join("、")}）`, ` (they are ${known.join(", ")})`))),
        line(fits, t("参数符合这个工具的 schema 吗？", "Do the arguments fit the tool's schema?"))), table);
  }

  // -- moves: each ends with the page painted
  function choose(story) {
    if (story !== state.story) cards.replaceChildren();
    Object.assign(state, { story, at: 0 });
    paint();
  }

  function go(at) {
    state.at = Math.max(0, Math.min(scenesOf().length - 1, at));
    paint();
  }

  function paint() {
    const all = scenesOf();
    const last = state.at === all.length - 1;
    while (cards.children.length > state.at + 1) cards.lastChild.remove();
    while (cards.children.length <= state.at) cards.append(draw(all[cards.children.length]));
    [...cards.children].forEach((one, i) => one.classList.toggle("now", i === state.at));
    asked.forEach((button, i) => button.setAttribute("aria-pressed", String(i === state.story)));
    // not `disabled`, which would take the keyboard's focus away
    back.setAttribute("aria-disabled", String(state.at === 0));
    on.setAttribute("aria-disabled", String(last));
    place.textContent = t(`第 ${state.at + 1} 步`, `step ${state.at + 1}`) + (last ? t("，最后一步", ", the last") : "");
    next.textContent = last ? "" : t("接下来会怎样？先猜，再点“进一步”。", "What comes next? Guess, then step on.");
    settle();
  }

  paint();
}

export default { render };
