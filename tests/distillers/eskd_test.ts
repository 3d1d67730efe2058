import { assertAlmostEquals, assertEquals } from "@std/assert";
import { eskd } from "../../lib/distillers/eskd.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { canonical } from "../../lib/values/json.ts";
import { type LogitInputs, measured } from "../support/logits.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";

await method("eskd", () => eskd());
await method("eskd that stops", () => eskd({ until: 3, standardised: true }));
masks("eskd", () => eskd({ until: 1 }), { student: { logits: [5] }, teacher: { logits: [5] } });

const given: LogitInputs = {
  student: [[1, 2, 0.5, 3], [3, -1, 0, 1]],
  teacher: [[0, 1, 2, -1], [3, -1, 1, 0]],
  label: [1, 0],
};

Deno.test("eskd: kd up to the epoch `until`, labels alone after it", async () => {
  const { terms } = await measured(kd(), given);
  for (const epoch of [1, 9, 10, 11, 240]) {
    const stopping = await measured(eskd({ until: 10 }), { ...given, epoch });
    assertAlmostEquals(stopping.terms.task, terms.task, 1e-6);
    assertAlmostEquals(stopping.terms.kd, epoch <= 10 ? terms.kd : 0, 1e-6);
    assertEquals((await measured(eskd(), { ...given, epoch })).terms, terms);
  }
});

Deno.test("eskd: its options are kd's, and `until` if set", () => {
  assertEquals(canonical(eskd().options), canonical(kd().options));
  assertEquals(
    canonical(eskd({ until: 35, standardised: true }).options),
    canonical({
      ...kd({ standardised: true }).options as { [key: string]: number },
      until: 35,
    }),
  );
});
