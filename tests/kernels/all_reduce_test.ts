import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { allReduce } from "../../lib/kernels/all_reduce.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";
import { runWorkers, type WorkerOutcome } from "../support/workers.ts";

/** Reads the results of workers that have all succeeded. */
function results<T>(outcomes: readonly WorkerOutcome[]): T[] {
  return outcomes.map(({ code, out, errors }) => {
    assertEquals(code, 0, errors);
    assertEquals(errors, "");
    return JSON.parse(out);
  });
}

Deno.test("allReduce: one worker gets its own tensors", async () => {
  tf.enableProdMode();
  await tf.setBackend("cpu");
  const tensors = [tf.scalar(1), tf.zeros([2])];
  const reduced = allReduce(1, "any")(tensors);
  assert(tensors.every((tensor, i) => reduced[i] === tensor));
  const { exit } = assertThrows(() => allReduce(2, "any")(tensors), Failure, "--backend");
  assertEquals(exit, 2);
  tf.dispose(tensors);
});

/** What the task `compute` gives. */
interface Computed {
  readonly sums: Readonly<Record<string, readonly number[]>>;
  readonly plain: Trained;
  readonly norms: Trained;
}

/** What training gives. */
interface Trained {
  readonly losses: readonly number[];
  readonly values: readonly number[][];
}

await needs(
  everything,
  "allReduce: sums of all shapes and their gradients; 2 and 3 workers train as one does",
  async (t) => {
    const [alone] = results<Computed>(await runWorkers("compute", 1));
    for (const workers of [2, 3]) {
      const computed = results<Computed>(await runWorkers("compute", workers));
      await t.step(`${workers} workers get the same bits`, () => {
        for (const other of computed) assertEquals(other, computed[0]);
      });
      await t.step(`sums and gradients of ${workers} workers`, () => {
        assertEquals(computed[0].sums, expectedSums(workers));
      });
      for (const kind of ["plain", "norms"] as const) {
        await t.step(`${workers} workers train as one: ${kind}`, () => {
          const { losses, values } = computed[0][kind];
          assertNear("losses", losses, alone[kind].losses, 1e-5);
          values.forEach((value, i) =>
            assertNear(`variable ${i}`, value, alone[kind].values[i], 1e-5)
          );
        });
      }
    }
  },
);

/** Each worker's tensors are rank + 1 times the same; so is its loss, of the squared total. */
function expectedSums(workers: number): Computed["sums"] {
  const total = workers * (workers + 1) / 2;
  const scaled = (values: readonly number[], by = total) => values.map((value) => by * value);
  return {
    matrix: scaled([0, 1, 2, 3, 4, 5]),
    large: scaled([0.25, 0.25, 0.25]),
    one: [total],
    cube: scaled([0, 1, 2, 3]),
    gradient: scaled([0, 1, 2, 3, 4, 5], total * 2 * total),
  };
}
