import assert from "node:assert/strict";
import { test } from "node:test";

import { widget } from "./load.mjs";

const cockpit = await widget("rl.js");

test("the top of a scale is a round number, just enough", () => {
  for (const [x, expected] of [[0, 1], [-3, 1], [0.3, 0.5], [1, 1], [1.01, 2], [2.4, 2.5], [37, 50], [0.0009, 0.001], [96, 100], [100, 100]]) {
    assert.ok(Math.abs(cockpit.ceiling(x) - expected) < 1e-9, `${x} → ${cockpit.ceiling(x)}`);
  }
  for (let x = 1e-4; x < 1e4; x *= 1.37) {
    const top = cockpit.ceiling(x);
    assert.ok(top >= x * (1 - 1e-9) && top <= 2.5 * x, `${x} → ${top}`);
  }
});

test("a span holds zero, every value, and what is asked for", () => {
  assert.deepEqual(cockpit.span([0.2, 0.3], 1), [0, 1]);
  assert.deepEqual(cockpit.span([-0.3, 4]), [-0.5, 5]);
  assert.deepEqual(cockpit.span([]), [0, 1]);
});

test("a curve runs from the left edge to its share of the right one", () => {
  assert.equal(cockpit.curve([0, 0.5, 1], [0, 1], 100, 50, 3), "M0.0 50.0L50.0 25.0L100.0 0.0");
  assert.equal(cockpit.curve([0, 1], [0, 1], 100, 50, 5), "M0.0 50.0L25.0 0.0");
  assert.equal(cockpit.curve([1], [0, 1], 100, 50, 1), "M0.0 0.0");
  assert.equal(cockpit.curve([], [0, 1], 100, 50, 1), "");
});

test("a press finds the nearest update that is there", () => {
  assert.equal(cockpit.nearest(49, 100, 11, 11), 5);
  assert.equal(cockpit.nearest(100, 100, 11, 4), 3);
  assert.equal(cockpit.nearest(-5, 100, 11, 4), 0);
  assert.equal(cockpit.nearest(50, 100, 1, 1), 0);
});

test("figures are short and keep what is small", () => {
  assert.deepEqual([0, 0.75123, 31.25, 0.0042, 1, 96].map(cockpit.figure), ["0.00", "0.75", "31.3", "0.0042", "1.00", "96.0"]);
  assert.deepEqual([1.234, -0.5, 0.001, 0].map(cockpit.signed), ["+1.23", "−0.50", "0", "0"]);
});

test("right answers get a curve of their own only where something else was paid", () => {
  assert.equal(cockpit.gamed([{ reward: 0.5, right: 0.5 }]), false);
  assert.equal(cockpit.gamed([{ reward: 0.5, right: 0.5 }, { reward: 0.5, right: 0.4 }]), true);
});
