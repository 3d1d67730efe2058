import { assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import {
  above,
  among,
  atLeast,
  below1,
  between,
  checkRanges,
  type Range,
  whole,
} from "../../lib/values/range.ts";

const CANDIDATES = [-Infinity, -1, -1e-9, 0, 1e-9, 0.5, 1, 1.5, 2, 3, 1e300, Infinity, NaN];

Deno.test("ranges: each has its numbers, and neither NaN nor an infinity", () => {
  const inside = (range: Range) => CANDIDATES.filter(range.has);
  assertEquals(inside(above(0)), [1e-9, 0.5, 1, 1.5, 2, 3, 1e300]);
  assertEquals(inside(atLeast(0)), [0, 1e-9, 0.5, 1, 1.5, 2, 3, 1e300]);
  assertEquals(inside(below1), [0, 1e-9, 0.5]);
  assertEquals(inside(between()), [0, 1e-9, 0.5, 1]);
  assertEquals(inside(between(1, 2)), [1, 1.5, 2]);
  assertEquals(inside(whole()), [1, 2, 3]);
  assertEquals(inside(whole(0)), [0, 1, 2, 3]);
  assertEquals(inside(among(1, 2)), [1, 2]);
});

Deno.test("ranges: a failure names the owner, the option, its value and its range", () => {
  const check = (weight: number | undefined) =>
    checkRanges("mine", { weight, tap: "block3" }, { weight: atLeast(0) });
  assertEquals(check(0), { weight: 0, tap: "block3" });
  assertEquals(check(undefined), { weight: undefined, tap: "block3" });
  const { exit, message } = assertThrows(() => check(-1), Failure);
  assertEquals(
    [exit, message],
    [2, "mine: `weight` is -1; it has to be a number, 0 or more"],
  );
});

Deno.test("ranges: what is no number is out of every range, and a number without a range is a bug", () => {
  const text: unknown = "1";
  assertThrows(
    () => checkRanges("mine", { weight: text }, { weight: atLeast(0) }),
    Failure,
    "`weight` is 1",
  );
  assertThrows(() => checkRanges("mine", { weight: 1 }, {}), TypeError, "no range of weight");
});
