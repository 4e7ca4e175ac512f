import assert from "node:assert/strict";
import { test } from "node:test";

import { widget } from "./load.mjs";

const { grouped, family } = await widget("landscape.js");

test("neighbours are grouped in the order of the relations, without empty groups", () => {
  const near = [["confused_with", "c"], ["kind_of", "a"], ["kind_of", "b"]];
  const found = grouped(near, ["kind_of", "part_of", "confused_with"]);
  assert.deepEqual(Object.entries(found), [["kind_of", ["a", "b"]], ["confused_with", ["c"]]]);
});

test("a relation and its backward one have one colour", () => {
  assert.deepEqual(["kind_of", "has_kind", "part_of", "has_part", "confused_with"].map(family), ["kind", "kind", "part", "part", "confused"]);
});
