import { assertEquals, assertThrows } from "@std/assert";
import { regressor } from "../../../lib/distillers/parts/regressor.ts";
import { Failure } from "../../../lib/values/failure.ts";
import { variables } from "../../../lib/nn/variables.ts";

Deno.test("the regressor brings any square map to the hint's shape", () => {
  const cases = [[16, 8], [8, 16], [8, 8], [8, 5], [4, 14], [3, 8], [7, 14]];
  for (const [side, target] of cases) {
    const layer = regressor([side, side, 3], [target, target, 6]);
    const { shape } = layer(variables({ seed: 1, collected: new Map() }), [side, side, 3]);
    assertEquals(shape, [target, target, 6], `${side} → ${target}`);
  }
});

Deno.test("the regressor refuses a tap that is no map and names its shape", () => {
  const { exit, message } = assertThrows(() => regressor([64], [8, 8, 3]), Failure);
  assertEquals([exit, message.includes("[64]")], [2, true]);
});
