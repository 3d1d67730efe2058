import { assertEquals } from "@std/assert";
import { leaves } from "../../lib/values/leaves.ts";

Deno.test("leaves: each value has its path, lists of plain values stay whole", () => {
  const value = {
    student: { id: "vgg8", options: {} },
    teachers: [{ seed: 1, average: undefined }, { seed: 2 }],
    drops: { at: [150, 180], by: 0.1 },
    flip: true,
    none: null,
    empty: [],
  };
  assertEquals(
    [...leaves(value)],
    [
      ["student.id", "vgg8"],
      ["student.options", {}],
      ["teachers[0].seed", 1],
      ["teachers[1].seed", 2],
      ["drops.at", [150, 180]],
      ["drops.by", 0.1],
      ["flip", true],
      ["none", null],
      ["empty", []],
    ],
  );
});

Deno.test("leaves: a plain value is at the empty path", () => {
  assertEquals([...leaves(3)], [["", 3]]);
});
