// Two forms: a prediction, and questions to answer. `kind` says which.

// "a `b` c" -> [text, <code>b</code>, text]
function prose(text) {
  return text.split("`").map((part, i) => (i % 2 ? el("code", {}, part) : part));
}

let groups = 0;

// Radio buttons, one per option; pick(i) is called when the reader chooses.
function radios(options, chosen, pick) {
  const name = `aigc-learn-${Date.now()}-${(groups += 1)}`;
  const inputs = options.map((_, i) =>
    el("input", { type: "radio", name, value: i, checked: i === chosen, onchange: () => pick(i) }),
  );
  const rows = options.map((option, i) => el("label", {}, inputs[i], el("span", {}, ...prose(option))));
  return { inputs, box: el("div", { class: "aigc-options" }, ...rows) };
}

function prediction(model) {
  const tr = translator(model);
  const said = el("p", { class: "aigc-said", role: "status" });
  const keep = (value) => {
    if (value === model.get("value")) return;
    model.set("value", value);
    model.save_changes();
  };
  const options = model.get("options");
  const number = el("input", { type: "number", step: "any", "aria-label": model.get("question") });
  const read = () => keep(Number.isFinite(number.valueAsNumber) ? number.valueAsNumber : null);
  number.addEventListener("change", read);
  number.addEventListener("input", debounce(read, 400));
  const { inputs, box } = options.length
    ? radios(options, model.get("value"), keep)
    : { inputs: [number], box: el("div", { class: "aigc-number" }, number, el("span", {}, model.get("unit"))) };

  const paint = () => {
    const value = model.get("value");
    const locked = model.get("locked");
    if (options.length) inputs.forEach((input, i) => (input.checked = i === value));
    else if (document.activeElement !== number) number.value = value ?? "";
    inputs.forEach((input) => (input.disabled = locked));
    if (locked) said.textContent = tr("结果已经揭晓，预测不再改动。", "The result is out, so the prediction stays as it is.");
    else if (value == null) said.textContent = tr("先猜一个，猜错也没关系。", "Make a guess first. A wrong one does no harm.");
    else said.textContent = tr("记下了。看到结果之前都可以改。", "Noted. You can change it until you see the result.");
  };
  model.on("change:value", paint);
  model.on("change:locked", paint);
  paint();
  const form = el(
    "form",
    { onsubmit: (event) => event.preventDefault() },
    el("fieldset", {}, el("legend", {}, ...prose(model.get("question"))), box),
    el("div", { class: "aigc-under" }, said),
  );
  return {
    form,
    leave() {
      model.off("change:value", paint);
      model.off("change:locked", paint);
    },
  };
}

function selfcheck(model) {
  const tr = translator(model);
  const questions = model.get("questions");
  const score = el("p", { class: "aigc-score", role: "status" });
  const parts = questions.map((question, index) => {
    const said = el("span", { class: "aigc-said", role: "status" });
    const why = el("p", { class: "aigc-why", hidden: true, tabindex: -1 }, ...prose(question.why));
    const explain = el("button", { type: "button", hidden: true }, tr("看解释", "Explain"));
    const mark = el("button", { type: "button", class: "main", disabled: true }, tr("检查", "Check"));
    let chosen = null;
    const { inputs, box } = radios(question.options, null, (i) => {
      chosen = i;
      mark.disabled = false;
      say("");
    });
    const say = (text, state = "") => {
      said.textContent = text;
      said.dataset.state = state;
    };
    const finish = (text, state) => {
      say(text, state);
      why.hidden = false;
      explain.hidden = true;
      mark.hidden = true;
      inputs.forEach((input) => (input.disabled = true));
      inputs[question.answer].checked = true;
      inputs[question.answer].parentNode.classList.add("aigc-right");
      why.focus(); // the button that had the focus is gone
    };
    mark.addEventListener("click", () => {
      if (chosen !== question.answer) {
        say(tr("✗ 不是这个，再想想。", "✗ Not this one. Think again."), "wrong");
        explain.hidden = false;
        return;
      }
      finish(tr("✓ 对了！", "✓ Right!"), "right");
      if (!model.get("passed").includes(index)) {
        model.set("passed", [...model.get("passed"), index].sort());
        model.save_changes();
      }
    });
    explain.addEventListener("click", () => {
      finish(tr("答案已经标出。重新运行这一格可以再试。", "The answer is marked. Run the cell again for another try."));
    });
    if (model.get("passed").includes(index)) say(tr("✓ 以前答对过", "✓ You got this one right before"), "right");
    const enter = (event) => {
      if (event.key === "Enter" && event.target.type === "radio") mark.click();
    };
    const legend = el("legend", {}, `${index + 1}. `, ...prose(question.question));
    return el("fieldset", { onkeydown: enter }, legend, box, el("div", { class: "aigc-under" }, mark, explain, said, why));
  });
  const paint = () => {
    const done = model.get("passed").length;
    const all = questions.length;
    score.textContent =
      done === all
        ? tr(`${all} 题全部答对！`, `All ${all} right!`)
        : tr(`答对 ${done} / ${all} 题`, `${done} of ${all} right`);
  };
  model.on("change:passed", paint);
  paint();
  const form = el("form", { onsubmit: (event) => event.preventDefault() }, ...parts, score);
  return { form, leave: () => model.off("change:passed", paint) };
}

export default {
  render({ model, el: host }) {
    const tr = translator(model);
    const kinds = { prediction: [prediction, tr("预测", "Prediction")], selfcheck: [selfcheck, tr("自测", "Self-check")] };
    const [make, title] = kinds[model.get("kind")];
    const { form, leave } = make(model);
    frame(model, host, "aigc-learn", title).append(form);
    return leave;
  },
};
