import { assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { cohorts } from "../../lib/run/cohorts.ts";
import { dryRun, queueLines } from "../../lib/run/dry_run.ts";
import { queue } from "../../lib/run/queue.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, toys } from "../support/toy_runs.ts";

const COLUMN = `${PAIR}
export const hint = experiment(import.meta, {
  ...{ dataset, schedule, teacher: from(teacher), student: small },
  distiller: fitnets({ hint: "block1", guided: "block1" }),
});
`;

await needs(
  everything,
  "dryRun: the trials of a cohort, their memory, and the time of a step of each",
  () =>
    toys(COLUMN, async (toys) => {
      const asked = [];
      for (const name of ["student", "hint"]) {
        asked.push({ experiment: await toys.experiment(name), seed: 1 });
      }
      const settings = toys.settings({ cohort: "auto" });
      const planned = cohorts(await queue(asked, settings));
      assertEquals(queueLines(planned), [
        "queue       1. toy#teacher seed 1: missing, 3 epochs, teacher of toy#student seed 1",
        "queue       2. toy#student seed 1: missing, 3 epochs, asked for, with 1 other",
        "queue       2. toy#hint seed 1: missing, 3 epochs, asked for, with 1 other",
      ]);
      assertEquals(queueLines([]), ["queue       nothing has to be trained"]);

      const lines = await dryRun(asked, settings);
      const named = (name: string) => lines.filter((line) => line.startsWith(name));
      for (const name of ["experiment", "student", "terms", "schedule", "folder"]) {
        assertEquals(named(name).length, 2, name);
      }
      const [memory] = named("memory");
      assertMatch(memory, /\d+ MiB for a step of one trial, \d+ MiB free: 2 of 2 train together$/);
      assertMatch(named("a step")[0], /\d ms for 2 trials, [\d.]+ ms a trial \(tracing/);
      assertMatch(named("in all")[0], /for 2 trials, [\d:]+ a trial without evaluation and teach/);
      assertEquals(
        (await dryRun(asked.slice(1), settings)).some((line) => /trial/.test(line)),
        false,
      );
      assertEquals(existsSync(toys.path("runs")), false, "a dry run writes nothing");
    }),
);

const ENDING = `
const ending = (batch: number, iterations: number, rate: retort.Rate) =>
  experiment(import.meta, { dataset, student: small, distiller: scratch(), schedule: sgd({ epochs: 3, iterations, batch, lr: 0.05, rate }) });
const of = (at: number[], iterations: number) =>
  retort.stepsByIteration({ at, by: 0.1, warmup: { iterations, factor: 0.1 } });
export const brief = ending(16, 10, of([6, 9], 2));
export const long = ending(1, 150, of([100, 130], 20));
`;

await needs(
  everything,
  "dryRun: a training of iterations, the steps of its last epoch and the points of its rate",
  () =>
    toys(ENDING, async (toys) => {
      const schedule = async (name: string, other = {}) => {
        const asked = [{ experiment: await toys.experiment(name), seed: 1 }];
        const lines = await dryRun(asked, toys.settings(other));
        return lines.find((line) => line.startsWith("schedule"))!.slice(12);
      };
      assertEquals(
        await schedule("brief"),
        "3 epochs of 4 batches of 16, the last one of 2, lr 0.005, 0.0275 after 1 steps, " +
          "0.05 after 2 steps, 0.005 after 6 steps, 0.0005 after 9 steps",
      );
      assertEquals(
        await schedule("long"),
        "3 epochs of 64 batches of 1, the last one of 22, lr 0.005 … 0.05 after 20 steps … " +
          "0.005 after 100 steps … 0.0005 after 130 steps",
      );
      assertEquals(
        await schedule("brief", { epochs: 2, limit: 2 }),
        "2 epochs of 2 batches of 16, lr 0.005, 0.05 from 2",
      );
    }),
);
