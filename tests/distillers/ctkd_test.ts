import { assertAlmostEquals, assertThrows } from "@std/assert";
import { ctkd } from "../../lib/distillers/ctkd.ts";
import { lossOn } from "../../lib/evaluation/loss_on.ts";
import { Failure } from "../../lib/values/failure.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { newerLogits } from "../support/newer_logits.ts";

// At high temperatures T² · KL hardly depends on T, and float32 rounds θ's gradient away.
await method("ctkd", () => ctkd({ lowest: 0.05, range: 0.1 }));
masks("ctkd", () => ctkd(), { student: { logits: [5] }, teacher: { logits: [5] } });
await newerLogits("ctkd", () => ctkd({ start: -2 }), 3);
await newerLogits("ctkd_full", () => ctkd({ start: -1 }), 30);

Deno.test("ctkd: reports its temperature, from 1 to 21", async () => {
  const at = async (start: number) => {
    const { reports } = await lossOn(ctkd({ start }), {
      student: { logits: [[1, 2]] },
      teacher: { logits: [[0, 1]] },
      label: [0],
    });
    return reports.temperature;
  };
  assertAlmostEquals(await at(0), 11, 1e-5);
  assertAlmostEquals(await at(-30), 1, 1e-5);
  assertAlmostEquals(await at(30), 21, 1e-5);
});

Deno.test("ctkd: a temperature of 0 or no epochs of growth are refused", () => {
  assertThrows(() => ctkd({ lowest: 0 }), Failure, "ctkd: `lowest` is 0; it has to be");
  assertThrows(() => ctkd({ loops: 0 }), Failure, "ctkd: `loops` is 0; it has to be");
});
