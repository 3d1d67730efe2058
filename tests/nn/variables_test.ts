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
import { stream } from "../../lib/values/random.ts";
import { Failure } from "../../lib/values/failure.ts";

const scope = (other: Partial<Scope> = {}) => {
  const collected = new Map<string, Variable>();
  return { collected, create: variables({ seed: 1, collected, ...other }) };
};

Deno.test("variables: initial values depend on the seed and the name only", () => {
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

Deno.test("initialisers: take one number of the stream after the other, in double precision", () => {
  const random = stream(3, "numbers");
  const numbers = Array.from({ length: 7 }, () => random.normal());
  const drawn = normal(0.3)(7, stream(3, "numbers"));
  assertEquals(drawn, Float32Array.from(numbers, (number) => 0.3 * number));
  const flat = stream(3, "numbers");
  const between = Array.from({ length: 7 }, () => flat.uniform());
  const spread = uniform(0.3)(7, stream(3, "numbers"));
  assertEquals(spread, Float32Array.from(between, (number) => 0.3 * (2 * number - 1)));
  assertEquals(normal(1)(0, random), new Float32Array());
});

Deno.test("variables: are collected under their full names, which must be unique", () => {
  const { create, collected } = scope();
  create.in("student").in("stem").variable("weight", [1], constant(1));
  create.derived("folded", [1], () => Float32Array.of(2));
  assertEquals([...collected.keys()], ["student.stem.weight", "folded"]);
  const message =
    assertThrows(() => create.in("student").in("stem").variable("weight", [1], constant(1)), Error)
      .message;
  assertEquals(message, "there are two variables student.stem.weight");
});

Deno.test("variables: specified values replace the initialisers', by full name", () => {
  const values = new Map([["a.weight", Float32Array.of(5, 6)]]);
  const below = scope({ values }).create.in("a");
  assertEquals(below.variable("weight", [2], constant(1)).initial(), Float32Array.of(5, 6));
  assertEquals(below.variable("bias", [2], constant(1)).initial(), Float32Array.of(1, 1));
});

Deno.test("variables: parameter groups are inherited, and the inner one wins", () => {
  const inner = scope().create.at({ lr: 0.5, weightDecay: 0 }).in("a").at({ lr: 0.1 }).variable(
    "w",
    [1],
    constant(0),
  );
  assertEquals(inner.paramGroup, { lr: 0.1, weightDecay: 0 });
});

Deno.test("variables: an initialiser of another length than the shape's is refused by name", () => {
  const create = scope().create.in("distiller");
  const made = create.variable("v", [3], () => new Float32Array(4));
  const { exit, message } = assertThrows(() => made.initial(), Failure);
  assertEquals([exit, message], [
    2,
    "distiller.v starts with 4 values, but its shape is [3], of 3",
  ]);
});

Deno.test("Variable: has no value if no engine holds it", () => {
  const error = assertThrows(() => scope().create.variable("w", [1], constant(0)).value, Error);
  assert(error.message.includes("variable w has no value here"));
});

Deno.test("initialisers: have the requested deviation and bound", () => {
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
