import { assertEquals } from "@std/assert";
import { plainNames } from "../../lib/weights/names.ts";

const plain = (...names: string[]) => [...plainNames(new Map(names.map((name, i) => [name, i])))];

Deno.test("module. comes off where every name has it, however often", () => {
  assertEquals(plain("module.b", "module.a"), [["b", 0], ["a", 1]]);
  assertEquals(plain("module.module.a", "module.module.b"), [["a", 0], ["b", 1]]);
  assertEquals(plain("module.module.a", "module.b"), [["module.a", 0], ["b", 1]]);
  assertEquals(plain("module.a", "b"), [["module.a", 0], ["b", 1]]);
  assertEquals(plain(), []);
});

Deno.test("of a distiller saved as a whole the student stays", () => {
  assertEquals(plain("module.student.a", "module.teacher.a", "module.student.b"), [["a", 0], ["b", 2]]);
  assertEquals(plain("student.module.a", "teacher.module.a"), [["a", 0]]);
});

Deno.test("counters of batches are left out", () => {
  assertEquals(plain("bn.num_batches_tracked", "bn.weight", "num_batches_tracked"), [["bn.weight", 1]]);
});
