import { assertAlmostEquals } from "@std/assert";
import { wsld } from "../../lib/distillers/wsld.ts";
import { lossOn } from "../../lib/evaluation/loss_on.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { newerLogits } from "../support/newer_logits.ts";
import { termWeights } from "../support/term_weights.ts";

await method("wsld", () => wsld());
termWeights("wsld", wsld, { ce: ["task"], kd: ["kd"] });
masks("wsld", () => wsld(), { student: { logits: [5] }, teacher: { logits: [5] } });
await newerLogits("wsld", () => wsld());

Deno.test("wsld: a student that is right beside an unsure teacher learns nothing from it", async () => {
  const { terms } = await lossOn(wsld(), {
    student: { logits: [[60, 0]] },
    teacher: { logits: [[0, 0]] },
    label: [0],
  });
  assertAlmostEquals(terms.kd, 0, 1e-7);
});
