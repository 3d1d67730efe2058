import { assertAlmostEquals, assertEquals } from "@std/assert";
import { atkd } from "../../lib/distillers/atkd.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { takd } from "../../lib/distillers/takd.ts";
import { type LogitInputs, measured } from "../support/logits.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";

await method("takd", () => takd());
await method("atkd", () => atkd());

const taps = { student: { logits: [5] }, teacher: { logits: [5] } };
masks("takd", () => takd({ standardised: true }), taps);
masks("atkd", () => atkd(), taps);

const given: LogitInputs = {
  student: [[1, 2, 0.5, 3], [3, -1, 0, 1]],
  teacher: [[0, 1, 2, -1], [3, -1, 1, 0]],
  label: [1, 0],
};

Deno.test("takd: the KL is also averaged over the classes", async () => {
  const { terms: mean } = await measured(takd({ temperature: 3, kd: 0.25 }), given);
  const { terms: sum } = await measured(kd({ temperature: 3, ce: 0.75, kd: 0.25 }), given);
  assertAlmostEquals(mean.task, sum.task, 1e-6);
  assertAlmostEquals(mean.kd, sum.kd / 4, 1e-6);
});

Deno.test("atkd: it has kd's loss and defaults, under its own id", async () => {
  assertEquals(
    (await measured(atkd({ temperature: 3 }), given)).terms,
    (await measured(kd({ temperature: 3 }), given)).terms,
  );
  assertEquals([atkd().id, atkd().options], ["atkd", kd().options]);
});
