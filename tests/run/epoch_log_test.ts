import { assert, assertEquals, assertThrows } from "@std/assert";
import { epochLine, epochLog, type EpochSummary, Logs } from "../../lib/run/epoch_log.ts";
import { Failure } from "../../lib/values/failure.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { needs } from "../support/needs.ts";

/** Calls `fn` with a temporary folder. */
async function inFolder(fn: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const text = (folder: string) => Deno.readTextFileSync(`${folder}/metrics.jsonl`);
const lines = (...epochs: number[]) =>
  epochs.map((epoch) => `{"epoch":${epoch},"lr":0.1}\n`).join("");

await needs(
  ["read", "write"],
  "logs: each epoch is a line of JSON, on disk when add returns",
  () =>
    inFolder((folder) => {
      const logs = new Logs(folder, 0);
      for (const epoch of [1, 2]) {
        logs.add({ epoch, lr: 0.1 });
        assertEquals(text(folder), lines(...[1, 2].slice(0, epoch)));
      }
    }),
);

await needs(
  ["read", "write"],
  "logs: entries after the epoch to continue from are cut off, torn or whole",
  () =>
    inFolder((folder) => {
      const path = `${folder}/metrics.jsonl`;
      for (const torn of ["", '{"epoch":3', lines(3), `${lines(3)}{`]) {
        Deno.writeTextFileSync(path, lines(1, 2) + torn);
        const { ino } = Deno.statSync(path);
        new Logs(folder, 2).add({ epoch: 3, lr: 0.1 });
        assertEquals(text(folder), lines(1, 2, 3));
        assertEquals(Deno.statSync(path).ino, ino);
      }
      new Logs(folder, 0);
      assertEquals(text(folder), "");
      new Logs(folder, 5).add({ epoch: 6, lr: 0.1 });
      assertEquals(text(folder), lines(6));
      Deno.removeSync(path);
      new Logs(folder, 3);
      const events = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) =>
        name.startsWith("events")
      );
      assertEquals(events.length, 1);
    }),
);

await needs(
  ["read", "write"],
  "logs: a file that cannot be written is named",
  () =>
    inFolder((folder) => {
      Deno.mkdirSync(`${folder}/metrics.jsonl`);
      const failure = assertThrows(
        () => new Logs(folder, 0),
        Failure,
        `cannot write ${folder}/metrics.jsonl`,
      );
      assertEquals(failure.exit, 3);
      assert(failure.cause instanceof Error);
    }),
);

await needs(
  ["sys"],
  "epochLog: has the means of the losses and of the method's reports",
  () => {
    const summary: EpochSummary = {
      epoch: 1,
      epochs: 2,
      rate: 0.1,
      sums: {
        images: 10,
        loss: 30,
        terms: { task: 20, kd: 10 },
        reports: { spot_logits: 5 },
        grads: { task: 7 },
        measures: { top1: 4 },
      },
      test: { top1: 50, top5: 80 },
      held: { top1: 60, top5: 90 },
      average: { top1: 55, top5: 85 },
      trials: 3,
      imagesPerSecond: 100,
      waited: 0,
      seconds: 1,
    };
    const { "perf/rss_mb": _, ...log } = epochLog(classification, summary);
    assertEquals(
      JSON.stringify(log),
      JSON.stringify({
        epoch: 1,
        lr: 0.1,
        "train/loss/task": 2,
        "train/loss/kd": 1,
        "train/loss": 3,
        "train/report/spot_logits": 0.5,
        "train/grad/task": 7,
        "train/top1": 40,
        "test/top1": 50,
        "test/top5": 80,
        "average/top1": 55,
        "average/top5": 85,
        "holdout/top1": 60,
        "perf/trials": 3,
        "perf/images_per_second": 100,
        "perf/data_seconds": 0,
        "perf/seconds": 1,
      }),
    );
    assertEquals(
      epochLine(classification, summary),
      "ep 1/2 lr 0.1 loss 3.000 (task 2.000, kd 1.000) grad (task 7.00) train 40.00 test 50.00 average 55.00 holdout 60.00 img/s 100 data 0.0 s",
    );
  },
);
