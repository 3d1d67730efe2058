import { assertEquals } from "@std/assert";
import { markBest } from "../../lib/tables/printed.ts";

Deno.test("best: at least two values are compared, absent ones never win, less may be better", () => {
  assertEquals(markBest([undefined, 3]), [false, false]);
  assertEquals(markBest([1, undefined, 3, 3]), [false, false, true, true]);
  assertEquals(markBest([1, undefined, 3], true), [true, false, false]);
  assertEquals(markBest([undefined, undefined]), [false, false]);
});
