import { assertEquals, assertRejects } from "@std/assert";
import { assertNearInSomeDraw, type Leniency } from "../support/draws.ts";

/**
 * Lists the test steps for quantities with these errors, draw by draw. The last error of each holds
 * for all later draws.
 */
async function steps(
  shares: Readonly<Record<string, readonly number[]>>,
  leniency?: Leniency,
): Promise<string[]> {
  const names: string[] = [];
  const t = {
    async step(name: unknown, check?: unknown) {
      names.push(String(name));
      await (check as () => void)();
      return true;
    },
  } as Deno.TestContext;
  const off = (draw: number) =>
    Promise.resolve(
      new Map(
        Object.entries(shares).map(([name, all]) => [name, all[Math.min(draw, all.length - 1)]]),
      ),
    );
  await assertNearInSomeDraw(t, off, leniency);
  return names;
}

Deno.test("draws: each quantity has to be near in one draw, and a step reports the perturbed draws, if any", async () => {
  assertEquals(await steps({ loss: [0.5], weight: [1] }), []);
  assertEquals(await steps({ loss: [2, 0.5, 3], weight: [3, 3, 0.1] }), ["perturbed draws: 2"]);
  assertEquals(await steps({ weight: [2] }, { most: 1 }), []);
  await assertRejects(
    () => steps({ loss: [0.5], weight: [2, 1.5] }),
    Error,
    "weight: 1.50 times as far away as allowed",
  );
  await assertRejects(
    () => steps({ bias: [NaN] }),
    Error,
    "bias: NaN times as far away as allowed",
  );
});
