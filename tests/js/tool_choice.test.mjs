import assert from "node:assert/strict";
import { test } from "node:test";

import { widget } from "./load.mjs";

const chooser = await widget("tool_choice.js");
const steps = await widget("tool_steps.js");

test("a total is the weighted mean of the marks", () => {
  assert.deepEqual(chooser.totals([[10, 0], [4, 8]], [3, 1]), [7.5, 5]);
  assert.deepEqual(chooser.totals([[10, 0], [4, 8]], [0, 0]), [NaN, NaN]);
});

test("those that are level lead together, and share a rank", () => {
  assert.deepEqual(chooser.leaders([1, 3, 2]), [1]);
  assert.deepEqual(chooser.leaders([0.1 + 0.2, 0.3]), [0, 1]);
  assert.deepEqual(chooser.leaders([NaN, NaN]), []);
  assert.deepEqual(chooser.ranking([1, 3, 2, 3]), [[1, 1], [3, 1], [2, 3], [0, 4]]);
  assert.deepEqual(chooser.ranking([0.3, 0.1 + 0.2, 0.1]), [[0, 1], [1, 1], [2, 3]]);
});

test("the change that decides is the smallest whole one, up or down", () => {
  // 9 w + 3 against 6 w + 8, w = 2 at first: level at w = 5/3, which is 16.7 % less
  assert.deepEqual(chooser.flip([[9, 3], [6, 8]], [2, 1], 0), { percent: -17, to: [1] });
  // 18 + 3 w against 12 + 8 w, w = 1: level at 1.2, where neither is ahead
  assert.deepEqual(chooser.flip([[9, 3], [6, 8]], [2, 1], 1), { percent: 21, to: [1] });
  assert.deepEqual(chooser.flip([[6, 8], [9, 3]], [2, 1], 1), { percent: 21, to: [0] });
  assert.deepEqual(chooser.flip([[8.05, 0], [0, 8.01]], [1, 1], 1), { percent: 1, to: [1] });
});

test("where two overtake together, both are named", () => {
  assert.deepEqual(chooser.flip([[9, 3], [6, 8], [6, 8]], [2, 1], 0), { percent: -17, to: [1, 2] });
});

test("nothing decides where one is best in all, weighs nothing, or is level", () => {
  assert.equal(chooser.flip([[9, 9], [5, 5]], [1, 1], 0), null);
  assert.equal(chooser.flip([[9, 1], [5, 5]], [1, 0], 1), null);
  assert.equal(chooser.flip([[9, 1], [1, 9]], [1, 1], 0), null);
  assert.equal(chooser.flip([[9], [5]], [1], 0), null); // down to nothing, where no total is left
});

test("a weight that must more than double decides nothing", () => {
  assert.equal(chooser.flip([[9, 3], [6, 8]], [4, 1], 1), null); // from 1 up to 2.4
  assert.deepEqual(chooser.flip([[10, 3], [6, 8]], [2, 1], 1), { percent: 61, to: [1] }); // from 1 up to 1.6
});

test("sliders reach at least twice the largest weight, and end at a round number", () => {
  assert.deepEqual([[1, 1], [3, 1], [0.4, 0.3], [40, 25], [0.5], [10]].map((w) => chooser.reach(w)), [2, 10, 1, 100, 1, 20]);
});

test("a refused call never reaches its tool", () => {
  const kinds = (story) => steps.scenes(story).map(([kind, i]) => kind + (i ?? ""));
  assert.deepEqual(kinds({ steps: [] }), ["question", "answer"]);
  assert.deepEqual(kinds({ steps: [{ fault: "" }, { fault: "no such tool" }] }), ["question", "call0", "check0", "tool0", "call1", "check1", "refused1", "answer"]);
});
