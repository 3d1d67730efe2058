import { assertEquals } from "@std/assert";
import { canonical, foreignToJson, repeatedKey } from "../../lib/values/json.ts";

Deno.test("canonical: the same value gives the same text in any key order", () => {
  const one = canonical({ b: [1, { y: null, x: 'é"' }], a: true, gone: undefined });
  assertEquals(one, canonical({ a: true, b: [1, { x: 'é"', y: null }] }));
  assertEquals(one, '{"a":true,"b":[1,{"x":"é\\"","y":null}]}');
});

Deno.test("canonical: lists keep their order, numbers their value", () => {
  assertEquals(canonical([3, 1e-7, -0, 2.5]), "[3,1e-7,0,2.5]");
});

Deno.test("foreignToJson: names what JSON would write as something else", () => {
  const plain = { a: [1, { b: null, c: "x", gone: undefined }], d: true, e: -0 };
  assertEquals(foreignToJson(plain, "options"), undefined);
  const foreign: [unknown, string][] = [
    [{ a: [1, { b: NaN }] }, "options.a[1].b is NaN"],
    [{ a: -Infinity }, "options.a is -Infinity"],
    [{ a: 1n }, "options.a is 1"],
    [{ a: () => 1 }, "options.a is a function"],
    [{ a: new Map([[1, 2]]) }, "options.a is a Map"],
    [{ a: new Date() }, "options.a is a Date"],
    [[Float32Array.of(1)], "options[0] is a Float32Array"],
  ];
  for (const [value, message] of foreign) assertEquals(foreignToJson(value, "options"), message);
});

Deno.test("repeatedKey: finds a key that one object has twice, in any spelling", () => {
  assertEquals(repeatedKey('{"a":1,"b":2,"a":3}'), "a");
  assertEquals(repeatedKey('{"a":1,"\\u0061" : 3}'), "a");
  assertEquals(repeatedKey('[{"x":{"k":1,"k":2}}]'), "k");
  assertEquals(repeatedKey('{"":1,"":2}'), "");
  assertEquals(repeatedKey('{"__proto__":1,"__proto__":2}'), "__proto__");
});

Deno.test("repeatedKey: finds none if the objects differ or a text only looks like a key", () => {
  for (
    const value of [
      null,
      "a",
      [{ a: 1 }, { a: 2 }],
      { a: { a: { a: 1 } }, b: { a: 1 } },
      { a: "a", b: ["a", "b"] },
      { text: '{"a":1,"a":2}', back: "\\", 'q"': "\\\\", next: '":' },
    ]
  ) {
    assertEquals(repeatedKey(JSON.stringify(value)), undefined);
    assertEquals(repeatedKey(JSON.stringify(value, null, 2)), undefined);
  }
});
