import { assertEquals } from "@std/assert";
import { columns } from "../../lib/terminal/columns.ts";

Deno.test("columns: aligns the first ones to the left and the others to the right, by characters", () => {
  assertEquals(
    columns([["tap", "shape", "n"], ["block1", "8×8", "1,000"], ["", "é", ""]], 2),
    "tap     shape      n\nblock1  8×8    1,000\n        é",
  );
  assertEquals(columns([["a", "10"], ["long", "9"]]), "a     10\nlong   9");
});
