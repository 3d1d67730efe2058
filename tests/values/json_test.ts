import { assertEquals } from "@std/assert";
import { canonical } from "../../lib/values/json.ts";

Deno.test("the same value is the same text, whatever order it was built in", () => {
  const one = canonical({ b: [1, { y: null, x: 'é"' }], a: true, gone: undefined });
  assertEquals(one, canonical({ a: true, b: [1, { x: 'é"', y: null }] }));
  assertEquals(one, '{"a":true,"b":[1,{"x":"é\\"","y":null}]}');
});

Deno.test("lists keep their order, numbers their value", () => {
  assertEquals(canonical([3, 1e-7, -0, 2.5]), "[3,1e-7,0,2.5]");
});
