/** Runs for pages, as if they had been trained. */
import { synthetic } from "../../datasets/synthetic.ts";
import type { ReportedRun } from "../../lib/report/report.ts";
import { experiment, fitnets, from, kd, scratch, sgd } from "../../mod.ts";
import { large, small } from "./toy.ts";
import { trial } from "./trial.ts";

const dataset = synthetic({ size: 8, train: 64, test: 32, classes: 5 });
const schedule = sgd({ epochs: 3, batch: 16, lr: 0.05 });
const teacher = experiment(import.meta, {
  dataset,
  schedule,
  student: large,
  distiller: scratch(),
});
const pair = { dataset, schedule, student: small, teacher: from(teacher) };
const student = experiment(import.meta, { ...pair, distiller: kd() });
/** A student of another method. */
export const hinted = experiment(import.meta, {
  ...pair,
  distiller: fitnets({ guided: "block1", hint: "block1", weight: 1 }),
});

/** A run with a log of so many epochs. */
export function reportedRun(label: string, epochs: number, one = student): ReportedRun {
  return {
    experiment: one,
    ...{ id: `toy#${label}`, label, seed: 1, folder: "runs/toy", state: "done" },
    log: Array.from({ length: epochs }, (_, i) => ({
      epoch: i + 1,
      "train/loss": 1 / 3 / (i + 1),
      "test/top1": 10 * (i + 1),
      ...i > 0 && { "train/loss/kd": i },
    })),
    isOutdated: false,
    trial: trial(1, 50),
    teachers: [{ id: "toy#teacher", seed: 1, network: "large", teachers: [] }],
  };
}
