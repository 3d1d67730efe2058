import { assertAlmostEquals, assertEquals } from "@std/assert";
import { nkd } from "../../lib/distillers/nkd.ts";
import { lossOn } from "../../lib/evaluation/loss_on.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { newerLogits } from "../support/newer_logits.ts";
import { termWeights } from "../support/term_weights.ts";

await method("nkd", () => nkd());
termWeights("nkd", nkd, { ce: ["task"], gamma: ["others"] });
masks("nkd", () => nkd(), { student: { logits: [5] }, teacher: { logits: [5] } });
await newerLogits("nkd", () => nkd());
await newerLogits("nkd_warm", () => nkd({ gamma: 1, temperature: 4 }));

Deno.test("nkd: with two classes the other class has no part, and the method says so", async () => {
  const logits = [[1, -2], [0.5, 3]];
  const { terms } = await lossOn(nkd(), {
    student: { logits },
    teacher: { logits: [[2, 1], [0, 1]] },
    label: [0, 0],
  });
  assertAlmostEquals(terms.others, 0, 1e-7);
  assertEquals(typeof nkd().note?.(2), "string");
  assertEquals(nkd().note?.(3), undefined);
});
