import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { camkd, type CamkdOptions } from "../../lib/distillers/camkd.ts";
import { Failure } from "../../lib/values/failure.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { termWeights } from "../support/term_weights.ts";
import { large, type Toy, toy } from "../support/toy.ts";
import { flat, training } from "../support/toy_training.ts";

const larger = toy("larger", 6);
const teacher: readonly [Toy, Toy] = [large, larger];

await method("camkd", () => camkd({ begin: 1 }), { teacher });
await method("camkd of logits", () => camkd({ weight: 0 }), { teacher });
termWeights("camkd", (weights) => camkd({ begin: 1, ...weights }), {
  ce: ["task"],
  kd: ["teacher1", "teacher2"],
  weight: ["hint1", "hint2"],
}, { teacher });
await method(
  "camkd from a smaller map",
  () => camkd({ begin: 1, student: "block2", teacher: "block1" }),
  { teacher },
);
await method(
  "camkd from a larger map",
  () => camkd({ begin: 1, student: "stem", teacher: "block2" }),
  { teacher },
);

masks("camkd of logits", () => camkd({ weight: 0 }), {
  student: { logits: [5] },
  teacher: [{ logits: [5] }, { logits: [5] }, { logits: [5] }],
});
const maps = {
  student: { map: [4, 5, 3], logits: [5] },
  teacher: [{ map: [3, 6, 2], logits: [5] }, { map: [4, 5, 3], logits: [5] }],
};
for (const samples of ["different", "degenerate"] as const) {
  masks("camkd", () => camkd({ student: "map", teacher: "map", begin: 1 }), maps, samples);
}

/** The first step's terms and gradients, those of the student and of the embeddings. */
async function first(options: CamkdOptions<"block1", "block2" | "pooled">) {
  const engine = await open("cpu");
  const { step, read } = await training(engine, camkd(options), { teacher });
  const { terms } = await step();
  const gradient = flat(await read("velocity.student."));
  const own = await read("velocity.distiller.");
  engine.close();
  return { terms, gradient, own };
}

Deno.test("camkd's maps count from the second epoch on, in proportion to their weight", async () => {
  const logits = await first({ weight: 0 });
  const before = await first({});
  assertEquals(before.gradient, logits.gradient);
  assertEquals([before.terms.hint1[0], before.terms.hint2[0]], [0, 0]);
  const after = await first({ begin: 1, weight: 5 });
  const double = await first({ begin: 1, weight: 10 });
  for (const name of ["hint1", "hint2"]) {
    assert(after.terms[name][0] > 0);
    assertAlmostEquals(double.terms[name][0], 2 * after.terms[name][0], 1e-5);
  }
});

Deno.test("camkd embeds the last map, of each teacher on its own", async () => {
  const { own } = await first({ begin: 1 });
  const shapes = Array.from(
    own,
    ([name, values]) => [name.replace("velocity.distiller.", ""), values.length],
  );
  assertEquals(shapes.filter(([name]) => String(name).endsWith("weight")), [
    ["embed1.0.0.weight", 4 * 8],
    ["embed2.0.0.weight", 4 * 12],
  ]);
});

Deno.test("camkd refuses a tap that is no map", async () => {
  const engine = await open("cpu");
  const run = training(engine, camkd({ teacher: "pooled" }), { teacher });
  const { exit, message } = await assertRejects(() => run, Failure);
  engine.close();
  assertEquals([exit, message.includes("camkd embeds one map as another, not [2,2,4] as [8]")], [
    2,
    true,
  ]);
});
