import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../lib/failure.ts";
import { sgd } from "../lib/schedule.ts";

const long = sgd({ epochs: 240, batch: 64, lr: 0.05, drops: { at: [150, 180, 210], by: 0.1 } });

Deno.test("the rate drops after the epochs of its milestones", () => {
  assertEquals(long.rate(1), 0.05);
  assertEquals(long.rate(150), 0.05);
  assertAlmostEquals(long.rate(151), 0.005, 1e-12);
  assertAlmostEquals(long.rate(181), 0.0005, 1e-12);
  assertAlmostEquals(long.rate(240), 0.00005, 1e-12);
});

Deno.test("over another number of epochs the drops move in proportion and nothing else changes", () => {
  const short = long.over(24);
  assertEquals([short.epochs, short.batch, short.momentum, short.weightDecay], [24, 64, 0.9, 5e-4]);
  assertEquals(short.rate(15), 0.05);
  assertAlmostEquals(short.rate(16), 0.005, 1e-12);
  assertAlmostEquals(short.rate(24), 0.00005, 1e-12);
  assertEquals(long.over(240).options, long.options);
});

Deno.test("what is left out is in the options with its default", () => {
  assertEquals(sgd({ epochs: 1, batch: 2, lr: 3 }).options, {
    epochs: 1,
    batch: 2,
    lr: 3,
    drops: { at: [], by: 0.1 },
    momentum: 0.9,
    weightDecay: 5e-4,
  });
});

Deno.test("Nesterov's momentum and DOT are in the options where they are asked for, over other epochs too", () => {
  const { options, nesterov, dot, over } = sgd({ epochs: 10, batch: 2, lr: 3, nesterov: true, dot: 0.075 });
  assertEquals([nesterov, dot], [true, 0.075]);
  assertEquals([over(5).nesterov, over(5).dot], [true, 0.075]);
  const { nesterov: written, dot: delta } = options as Record<string, unknown>;
  assertEquals([written, delta], [true, 0.075]);
  assertEquals(
    sgd({ epochs: 1, batch: 2, lr: 3, nesterov: false }).options,
    sgd({ epochs: 1, batch: 2, lr: 3 }).options,
  );
});

Deno.test("a momentum that DOT would take out of its bounds is refused", () => {
  for (const dot of [0.1, -0.1, 0.95, NaN]) {
    const { exit } = assertThrows(() => sgd({ epochs: 1, batch: 2, lr: 3, dot }), Failure, `sgd: \`dot\` is ${dot}`);
    assertEquals(exit, 2);
  }
});
