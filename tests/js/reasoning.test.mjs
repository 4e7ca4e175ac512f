import assert from "node:assert/strict";
import { test } from "node:test";

import { widget } from "./load.mjs";

const player = await widget("reasoning.js");

// 7+5=13，13-3=10: wrong at once; cut after two tokens the model says 5
const thinker = {
  thinking: [["7", 0], ["+", 0], ["5", 0], ["=", 0], ["13", 0], ["，", 0], ["13", 1], ["-", 1], ["3", 1], ["=", 1], ["10", 1]],
  marks: ["first", "after"],
  answers: Array.from({ length: 12 }, (_, b) => (b === 11 ? ["1", "0", "</s>"] : b === 2 ? ["5", "</s>"] : ["9", "</s>"])),
  values: Array.from({ length: 12 }, (_, b) => (b === 11 ? 10 : b === 2 ? 5 : 9)),
};
const quick = { thinking: [], marks: null, answers: [["9", "</s>"]], values: [9] };
const trace = { truth: { lines: ["7+5=12", "12-3=9"], answer: 9 }, runs: [quick, thinker] };
const written = (tokens) => tokens.map((one) => one.label).join("");

test("without a cut everything is written as the model wrote it", () => {
  const tokens = player.flow(thinker, 11);
  assert.equal(written(tokens), "<think>7+5=13，13-3=10</think>10</s>");
  assert.equal(tokens.find((one) => one.label === "</think>").forced, false);
  assert.deepEqual(player.flow(thinker, 99), tokens);
});

test("a budget cuts the thinking, forces the tag and takes that budget's answer", () => {
  const tokens = player.flow(thinker, 2);
  assert.equal(written(tokens), "<think>7+</think>5</s>");
  assert.equal(tokens[3].forced, true);
  assert.equal(written(player.flow(thinker, 0)), "<think></think>9</s>");
});

test("a model that does not think writes the same at every budget", () => {
  assert.equal(written(player.flow(quick, 0)), "9</s>");
  assert.deepEqual(player.flow(quick, 7), player.flow(quick, 0));
});

test("lines come token by token and are whole at their last one", () => {
  const tokens = player.flow(thinker, 11);
  const after = (at) => player.linesOf(thinker, tokens, at).map((one) => [one.labels.join(""), one.whole]);
  assert.deepEqual(after(0), []);
  assert.deepEqual(after(1), []); // the tag alone
  assert.deepEqual(after(3), [["7+", false]]);
  assert.deepEqual(after(7), [["7+5=13，", true]]);
  assert.deepEqual(after(8), [["7+5=13，", true], ["13", false]]);
  assert.deepEqual(after(tokens.length), [["7+5=13，", true], ["13-3=10", true]]);
});

test("the verdict is that of the answer at the budget", () => {
  assert.equal(player.verdict(trace, thinker, 11), "wrong");
  assert.equal(player.verdict(trace, thinker, 2), "wrong");
  assert.equal(player.verdict(trace, thinker, 3), "right");
  assert.equal(player.verdict(trace, thinker, 40), "wrong");
  assert.equal(player.verdict(trace, quick, 0), "right");
  assert.equal(player.verdict({ ...trace, truth: null }, quick, 0), null);
});

test("the slider ends where the longest thinking does", () => {
  assert.equal(player.fullBudget(trace), 11);
  assert.equal(player.fullBudget({ runs: [quick, quick] }), 0);
});
