import assert from "node:assert/strict";
import { test } from "node:test";

import { widget } from "./load.mjs";

const explorer = await widget("sampling_maths.js", "distillation.js");
const near = (a, b, error = 1e-12) => assert.ok(Math.abs(a - b) <= error, `${a} is not ${b}`);
const LOGITS = [2, -1, 0.5, 3];

test("heat flattens: the ratio of two probabilities is raised to 1/T", () => {
  const one = explorer.soften(LOGITS, 1);
  const four = explorer.soften(LOGITS, 4);
  near(four.reduce((a, b) => a + b), 1);
  for (let i = 1; i < 4; i += 1) near(four[i] / four[0], (one[i] / one[0]) ** 0.25);
});

test("the divergence is the sum over the tokens of p log(p / q)", () => {
  const p = explorer.soften([0, 1, 2, -3], 1);
  for (const T of [0.5, 1, 2, 8]) {
    const q = explorer.soften(LOGITS, T);
    near(explorer.divergence(p, LOGITS, T), p.reduce((sum, x, i) => sum + x * Math.log(x / q[i]), 0));
  }
});

test("the divergence of a distribution from itself is 0, and tokens of probability 0 count nothing", () => {
  near(explorer.divergence(explorer.soften(LOGITS, 3), LOGITS, 3), 0);
  near(explorer.divergence([0, 0, 0, 1], LOGITS), -Math.log(explorer.soften(LOGITS, 1)[3]));
});

test("no overflow and no infinity, however far apart the scores", () => {
  near(explorer.divergence([1, 0], [-5000, 5000]), 10000, 1e-6);
  near(explorer.divergence([0, 1], [-5000, 5000]), 0);
});

test("the teacher's row is first, then each student's moments", () => {
  const students = [{ steps: [1, 50] }, { steps: [1, 50, 100] }, { steps: [7] }];
  const found = students.flatMap(({ steps }, s) => steps.map((_, m) => explorer.place(students, s, m)));
  assert.deepEqual(found, [1, 2, 3, 4, 5, 6]);
  assert.equal(explorer.place(students, 3, 0), 7);
});

test("the slider doubles the temperature in equal steps, and 1 lies on it", () => {
  near(explorer.heat(0), 0.5);
  near(explorer.heat(25), 1);
  near(explorer.heat(50), 2);
  near(explorer.heat(100), 8);
});
