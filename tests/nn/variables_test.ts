import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import {
  constant,
  normal,
  type Scope,
  sizeOf,
  uniform,
  type Variable,
  variables,
} from "../../lib/nn/variables.ts";

const scope = (other: Partial<Scope> = {}) => {
  const collected = new Map<string, Variable>();
  return { collected, create: variables({ seed: 1, collected, ...other }) };
};

Deno.test("what a variable starts with depends on the seed and its name only", () => {
  const { create } = scope();
  const alone = create.in("a").variable("weight", [2, 3], normal(1)).initial();
  const { create: other } = scope();
  other.variable("before", [7], normal(1)).initial();
  assertEquals(other.in("a").variable("weight", [2, 3], normal(1)).initial(), alone);
  assertNotEquals(other.in("b").variable("weight", [2, 3], normal(1)).initial(), alone);
  assertNotEquals(
    scope({ seed: 2 }).create.in("a").variable("weight", [2, 3], normal(1)).initial(),
    alone,
  );
});

Deno.test("variables are collected under their whole names, and no two have the same", () => {
  const { create, collected } = scope();
  create.in("student").in("stem").variable("weight", [1], constant(1));
  create.derived("folded", [1], () => Float32Array.of(2));
  assertEquals([...collected.keys()], ["student.stem.weight", "folded"]);
  const message =
    assertThrows(() => create.in("student").in("stem").variable("weight", [1], constant(1)), Error)
      .message;
  assertEquals(message, "there are two variables student.stem.weight");
});

Deno.test("given values come before drawn ones, by whole name", () => {
  const values = new Map([["a.weight", Float32Array.of(5, 6)]]);
  const below = scope({ values }).create.in("a");
  assertEquals(below.variable("weight", [2], constant(1)).initial(), Float32Array.of(5, 6));
  assertEquals(below.variable("bias", [2], constant(1)).initial(), Float32Array.of(1, 1));
});

Deno.test("pace is inherited, the inner one wins", () => {
  const inner = scope().create.at({ lr: 0.5, weightDecay: 0 }).in("a").at({ lr: 0.1 }).variable(
    "w",
    [1],
    constant(0),
  );
  assertEquals(inner.paramGroup, { lr: 0.1, weightDecay: 0 });
});

Deno.test("a variable has no value where no engine holds it", () => {
  const error = assertThrows(() => scope().create.variable("w", [1], constant(0)).value, Error);
  assert(error.message.includes("variable w has no value here"));
});

Deno.test("initialisers have the deviation and the bound they are asked for", () => {
  const draw = (initial: ReturnType<typeof normal>) =>
    scope().create.variable("w", [10000], initial).initial();
  const square = (values: Float32Array) =>
    values.reduce((sum, x) => sum + x * x, 0) / values.length;
  assertAlmostEquals(Math.sqrt(square(draw(normal(0.3)))), 0.3, 0.01);
  const flat = draw(uniform(2));
  assert(flat.every((x) => Math.abs(x) <= 2));
  assertAlmostEquals(square(flat), 4 / 3, 0.05);
  assertEquals(sizeOf([]), 1);
  assertEquals(sizeOf([3, 4]), 12);
});
