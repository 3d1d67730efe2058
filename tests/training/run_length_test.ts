import { assertEquals, assertThrows } from "@std/assert";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { checkIterations, runLength, stepsInEpoch } from "../../lib/training/run_length.ts";
import { Failure } from "../../lib/values/failure.ts";

const whole = sgd({ epochs: 3, batch: 4, lr: 0.1 });
const ending = (iterations: number, epochs = 3) => sgd({ epochs, iterations, batch: 4, lr: 0.1 });

Deno.test("runLength: the last batch of an epoch has the rest, and a limit is the most", () => {
  assertEquals(runLength(10, whole), { steps: 3, total: 9 });
  assertEquals(runLength(10, whole, 2), { steps: 2, total: 6 });
  assertEquals(runLength(10, whole, 9), { steps: 3, total: 9 });
});

Deno.test("runLength: iterations end it, and with a limit as many in proportion", () => {
  assertEquals(runLength(16, ending(10)), { steps: 4, total: 10 });
  assertEquals(runLength(16, ending(10), 2), { steps: 2, total: 5 });
  assertEquals(runLength(16, ending(9), 1), { steps: 1, total: 3 });
  assertEquals(runLength(16, ending(10).over(2)), { steps: 4, total: 8 });
  const once = sgd({ epochs: 13, iterations: 90_000, batch: 16, lr: 0.02 });
  assertEquals(runLength(117_266, once), { steps: 7330, total: 90_000 });
});

Deno.test("stepsInEpoch: no epoch is left over, with any limit", () => {
  const of = (iterations: number, limit?: number) =>
    [1, 2, 3].map((epoch) => stepsInEpoch(runLength(16, ending(iterations), limit), epoch));
  assertEquals([of(9), of(10), of(12)], [[4, 4, 1], [4, 4, 2], [4, 4, 4]]);
  assertEquals([of(9, 3), of(10, 2), of(9, 1)], [[3, 3, 1], [2, 2, 1], [1, 1, 1]]);
});

Deno.test("checkIterations: they end within the last epoch, or the right number is said", () => {
  for (const iterations of [9, 10, 12]) checkIterations(16, ending(iterations));
  checkIterations(16, whole);
  checkIterations(16, ending(10).over(5));
  for (
    const [schedule, needed] of [[ending(8), 2], [ending(13), 4], [ending(10, 4), 3]] as const
  ) {
    const { iterations, epochs } = schedule;
    const { exit, message } = assertThrows(() => checkIterations(16, schedule), Failure);
    assertEquals([exit, message], [
      2,
      `sgd: ${iterations} iterations begin ${needed} epochs of 4 steps (16 images in batches of 4), ` +
      `and \`epochs\` is ${epochs}: declare ${needed}`,
    ]);
  }
});
