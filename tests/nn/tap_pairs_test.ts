import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { at } from "../../lib/distillers/at.ts";
import { kdsvd } from "../../lib/distillers/kdsvd.ts";
import { nst } from "../../lib/distillers/nst.ts";
import { vid } from "../../lib/distillers/vid.ts";
import { Failure } from "../../lib/values/failure.ts";
import { buildModel, type Model, type Net } from "../../lib/nn/network.ts";
import { lastMaps, type TapPair, tapPairs } from "../../lib/nn/tap_pairs.ts";
import { type Shape, variables } from "../../lib/nn/variables.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import type { Toy } from "../support/toy.ts";

const model = (shapes: Readonly<Record<string, Shape>>): Model =>
  buildModel(networkOfVariables(shapes) as Net, variables({ seed: 1, collected: new Map() }), [
    1,
    1,
    1,
  ], 2);

const map = [1, 4, 4, 3];
const vector = [1, 3];
const deep = model({ stem: map, a: map, b: map, c: map, pooled: vector, logits: vector });
const shallow = model({ opening: map, d: map, e: map, pooled: vector, logits: vector });

Deno.test("tapPairs: maps after the stems are paired in order, as many as the shallower network has", () => {
  assertEquals(tapPairs(deep, shallow), [["a", "d"], ["b", "e"]]);
  assertEquals(tapPairs(shallow, deep), [["d", "a"], ["e", "b"]]);
});

Deno.test("tapPairs: fromLast pairs them from the last", () => {
  assertEquals(tapPairs(deep, shallow, undefined, { fromLast: true }), [["b", "d"], ["c", "e"]]);
  assertEquals(tapPairs(shallow, deep, undefined, { fromLast: true }), [["d", "b"], ["e", "c"]]);
});

Deno.test("tapPairs: vectors may be paired if a method takes them", () => {
  assertEquals(tapPairs(deep, shallow, [["pooled", "d"]], { vectors: true }), [["pooled", "d"]]);
  assertEquals(assertThrows(() => tapPairs(deep, shallow, [["pooled", "d"]]), Failure).exit, 2);
});

Deno.test("lastMaps: the default of each tap is the last map", () => {
  assertEquals(lastMaps(deep, shallow, {}), ["c", "e"]);
  assertEquals(lastMaps(deep, shallow, { student: "a" }), ["a", "e"]);
  assertEquals(lastMaps(deep, shallow, { teacher: "pooled" }), ["c", "pooled"]);
});

Deno.test("tapPairs: returns specified pairs unchanged", () => {
  const pairs = [["stem", "e"], ["c", "e"]] as const;
  assertEquals(tapPairs(deep, shallow, pairs), pairs);
});

Deno.test("tapPairs: invalid pairs are refused with exit 2", () => {
  const assertRefused = (
    pairs: readonly TapPair<string, string>[] | undefined,
    message: string,
    student = deep,
  ) => {
    const failure = assertThrows(() => tapPairs(student, shallow, pairs), Failure, message);
    assertEquals(failure.exit, 2);
  };
  assertRefused([["a", "pooled"]], "the teacher's pooled is [3], not a map");
  assertRefused([["logits", "d"]], "the student's logits is [3], not a map");
  assertRefused([["a", "d"], ["a", "e"]], "the student's a is in two pairs");
  assertRefused([["a", "f"]], "given has no tap f");
  assertRefused([], "`taps` is empty");
  assertRefused(undefined, "share no map after their stems", model({ stem: map, logits: vector }));
});

Deno.test("tapPairs: pairs that have to be in order are refused if one is not", () => {
  const order = (...pairs: readonly TapPair<string, string>[]) =>
    tapPairs<string, string>(deep, shallow, pairs, { ordered: true });
  assertEquals(order(["a", "d"], ["c", "e"]).length, 2);
  assertEquals(order(["a", "e"], ["c", "e"]).length, 2);
  for (const pairs of [[["c", "d"], ["a", "e"]], [["a", "e"], ["c", "d"]]] as const) {
    const failure = assertThrows(() => order(...pairs), Failure, "in the order of both networks");
    assertEquals(failure.exit, 2);
  }
});

Deno.test("tapPairs: taps that a network does not have are compile errors", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const fits = (_: Distiller<Toy, Toy>): void => {};
  fits(at());
  fits(kdsvd());
  fits(nst({ weight: 1 }));
  fits(vid({ taps: [["block1", "block2"], ["stem", "stem"]] }));
  // @ts-expect-error: the student has no tap of this name.
  fits(at({ taps: [["block9", "block2"]] }));
  // @ts-expect-error: the teacher has no tap of this name.
  fits(kdsvd({ taps: [["block1", "block1"], ["block2", "block9"]] }));
  // @ts-expect-error: a tap without its partner.
  fits(nst({ taps: ["block1"] }));
  // @ts-expect-error: a misspelt option.
  fits(vid({ tap: [["block1", "block2"]] }));
  // @ts-expect-error: there is no such distance.
  fits(at({ distance: "cosine" }));
  // @ts-expect-error: there are no such vectors.
  fits(kdsvd({ over: "rows" }));
}
