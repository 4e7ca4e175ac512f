import assert from "node:assert/strict";
import { test } from "node:test";

import { widget } from "./load.mjs";

const costs = await widget("long_context.js");
const BYTES = [[1e6, "MB"], [1e9, "GB"], [1e12, "TB"]];

test("numbers come in a unit that fits, with two digits or all before the point", () => {
  for (const [x, expected] of [[2e4, "0.0 MB"], [5e5, "0.5 MB"], [1e6, "1.0 MB"], [9.949e6, "9.9 MB"], [9.96e6, "10 MB"], [999e6, "999 MB"], [6.4e10, "64 GB"], [2.56e14, "256 TB"], [4e15, "4000 TB"]]) {
    assert.equal(costs.readable(x, BYTES), expected);
  }
});

test("a longest text is never said to be longer than it is", () => {
  for (const [n, expected] of [[0, "0"], [7, "7"], [999, "999"], [30615, "30,600"], [488281, "488,000"], [8666534, "8,660,000"], [1000, "1,000"], [1999, "1,990"]]) {
    assert.equal(costs.roughly(n), expected);
  }
});

test("a scale holds every value, and is never empty", () => {
  for (const values of [[1, 10], [3], [1e10], [2e9, 6.4e13, 7e10], [0.004, 0.9]]) {
    const range = costs.decades(values);
    assert.ok(range[1] > range[0]);
    for (const value of values) {
      const at = costs.share(value, range);
      assert.ok(at >= 0 && at <= 1, `${value} at ${at}`);
    }
  }
  assert.equal(costs.share(100, [1, 3]), 0.5);
});

test("a line is cut where what is certain ends", () => {
  assert.deepEqual(costs.pieces([0, 1, 2, 3], [5, 6, 7, 8], [true, true, false, false]), [["M0.0 5.0L1.0 6.0", true], ["M1.0 6.0L2.0 7.0L3.0 8.0", false]]);
  assert.deepEqual(costs.pieces([0, 1], [5, 6], [false, false]), [["M0.0 5.0L1.0 6.0", false]]);
});

test("a bar is never longer than the machine's memory", () => {
  assert.deepEqual(costs.filled([16, 8, 0], 80), [20, 10, 0]);
  assert.deepEqual(costs.filled([16, 8, 640], 80), [20, 10, 70]);
  assert.deepEqual(costs.filled([671, 7, 9], 80), [100, 0, 0]);
});
