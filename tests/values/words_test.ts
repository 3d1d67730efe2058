import { assertEquals } from "@std/assert";
import { describeJson, describePart } from "../../lib/values/words.ts";

Deno.test("describePart: describes the options, and only the name without options", () => {
  assertEquals(describePart({ id: "scratch", options: {} }), "scratch");
  assertEquals(
    describePart({
      id: "sgd",
      options: { epochs: 10, drops: { at: [6, 8], by: 0.1 }, nesterov: true, flip: false },
    }),
    "sgd (epochs 10, drops (at 6/8, by 0.1), nesterov, no flip)",
  );
  assertEquals(describeJson({ a: undefined, at: [], by: null }), "at none, by null");
});

Deno.test("describePart: describes a nested part by its name, and joins several", () => {
  const kd = { id: "kd", options: { temperature: 4, ce: 0.1 } };
  const peer = { id: "resnet20", options: {} };
  assertEquals(describePart({ id: "dml", options: { peer, ce: 1 } }), "dml (peer resnet20, ce 1)");
  assertEquals(
    describePart({ id: "sakd", options: { method: kd, routing: "random" } }),
    "sakd (method kd (temperature 4, ce 0.1), routing random)",
  );
  assertEquals(
    describeJson({ methods: [kd, peer] }),
    "methods kd (temperature 4, ce 0.1) and resnet20",
  );
  assertEquals(describeJson({ mix: { id: "mixup", alpha: 1 } }), "mix (id mixup, alpha 1)");
});
