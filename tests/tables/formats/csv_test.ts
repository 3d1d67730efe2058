import { assertEquals } from "@std/assert";
import { csv } from "../../../lib/tables/formats/csv.ts";

Deno.test("csv: fields with commas, quotes and line breaks are quoted, absent ones empty, numbers as they are", () => {
  const records = [{ a: 'x,"y"', b: 1.5 }, { b: "l\nm" }, { a: "wrn_40_2 ± Δ", b: 0 }, {}];
  assertEquals(csv(["a", "b"], records), 'a,b\n"x,""y""",1.5\n,"l\nm"\nwrn_40_2 ± Δ,0\n,');
  assertEquals(csv(["a", "b,c"], []), 'a,"b,c"');
});
