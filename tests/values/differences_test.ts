import { assertEquals } from "@std/assert";
import { differences } from "../../lib/values/differences.ts";
import { canonical, type Json } from "../../lib/values/json.ts";
import { stream } from "../../lib/values/random.ts";

Deno.test("differences: the deepest place that both have, members by name, elements by index", () => {
  const a = { student: { id: "resnet8", options: { width: 1, widths: [16, 32, 64] } }, epochs: 2 };
  const b = { epochs: 2, student: { options: { widths: [16, 8], width: 2 }, id: "resnet8" } };
  assertEquals(differences(a, b), [
    { path: "student.options.width", a: 1, b: 2 },
    { path: "student.options.widths[1]", a: 32, b: 8 },
    { path: "student.options.widths[2]", a: 64, b: undefined },
  ]);
});

Deno.test("differences: indices count, they do not sort as texts", () => {
  const list = Array.from({ length: 12 }, (_, i) => i);
  const paths = differences(list, list.map((i) => -i - 1)).map(({ path }) => path);
  assertEquals(paths, list.map((i) => `[${i}]`));
});

Deno.test("differences: what one lacks is a single one, also if it is undefined or named as a method", () => {
  const teacher = { id: "vgg13", seed: 1 };
  assertEquals(differences({ teachers: [teacher] }, { teachers: [] }), [
    { path: "teachers[0]", a: teacher, b: undefined },
  ]);
  assertEquals(differences({}, { toString: 1, gone: undefined, x: null }), [
    { path: "toString", a: undefined, b: 1 },
    { path: "x", a: undefined, b: null },
  ]);
});

Deno.test("differences: values of two kinds differ where they stand", () => {
  const values: Json[] = [null, false, 0, "", "0", [], {}];
  for (const a of values) {
    for (const b of values) {
      assertEquals(differences({ x: a }, { x: b }), a === b ? [] : [{ path: "x", a, b }]);
      assertEquals(differences(a, b), a === b ? [] : [{ path: "", a, b }]);
    }
  }
  assertEquals(differences(0, -0), []);
});

Deno.test("differences: property: none exactly if the canonical texts are equal, mirrored if exchanged", () => {
  const random = stream(3, "differences");
  const draw = (depth: number): Json => {
    const kind = random.below(depth === 0 ? 2 : 4);
    if (kind === 0) return random.below(2);
    if (kind === 1) return null;
    const members = Array.from({ length: random.below(3) }, () => draw(depth - 1));
    if (kind === 2) return members;
    return Object.fromEntries(members.map((member) => ["ab"[random.below(2)], member]));
  };
  for (let round = 0; round < 300; round++) {
    const [a, b] = [draw(2), draw(2)];
    const found = differences(a, b);
    assertEquals(found.length === 0, canonical(a) === canonical(b));
    assertEquals(differences(b, a), found.map(({ path, a, b }) => ({ path, a: b, b: a })));
  }
});
