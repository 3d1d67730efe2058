import { join } from "node:path";
import { batches, inOrder } from "../../lib/training/batches.ts";
import { loadExperiments } from "../../lib/project/identify.ts";
import { grid } from "../../lib/values/markdown.ts";
import type { EngineOptions } from "../../lib/engine/open_engine.ts";
import { prepare } from "../../lib/run/prepare.ts";
import { runTrials } from "../../lib/run/run.ts";
import { RunFolder } from "../../lib/run/run_folder.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { status } from "../../lib/terminal/status.ts";
import { project } from "../support/toy_project.ts";

/**
 * What an epoch of the real runner costs beside its bare steps: the same step without augmentation,
 * on one batch.
 */
export interface RunnerCost {
  /** The student, trained by itself. */
  readonly network: string;
  /** Seconds of as many bare steps as an epoch has. */
  readonly bare: number;
  /** Seconds of the epoch's batches, read, augmented, run and shown. */
  readonly batches: number;
  /**
   * Seconds from one epoch's log to the next: the batches, an evaluation of ten images, the log and
   * the checkpoint.
   */
  readonly epoch: number;
}

/** Epochs in a run of the runner; the first one traces and does not count. */
const EPOCHS = 3;
const BATCH = 64;

/**
 * Measures the real runner and its bare steps by turns; the best epoch of all rounds counts, of
 * each.
 */
export async function runnerCost(
  network: string,
  count: number,
  rounds: number,
  options: EngineOptions,
): Promise<RunnerCost> {
  const best = { bare: Infinity, batches: Infinity, epoch: Infinity };
  await project({ "bench.ts": experiments(network, count) }, async (folder) => {
    const bare = await bareSteps(join(folder, "bench.ts#bare"), options);
    try {
      for (let seed = 1; seed <= rounds; seed++) {
        for (const { batches, epoch } of await epochs(folder, count, seed, options)) {
          best.batches = Math.min(best.batches, batches);
          best.epoch = Math.min(best.epoch, epoch);
          best.bare = Math.min(best.bare, await bare.run(count));
        }
      }
    } finally {
      bare.close();
    }
  });
  return { network, ...best };
}

/** Costs as a table. */
export function costTable(costs: readonly RunnerCost[]): string {
  const seconds = (value: number) => value.toFixed(2);
  return grid(
    [
      "network",
      "bare steps s",
      "runner's batches s",
      "ratio",
      "with log and checkpoint s",
      "ratio",
    ],
    costs.map(({ network, bare, batches, epoch }) => [
      network,
      ...[
        seconds(bare),
        seconds(batches),
        (batches / bare).toFixed(3),
        seconds(epoch),
        (epoch / bare).toFixed(3),
      ],
    ]),
  );
}

/** A module of two experiments that differ in their augmentation. */
function experiments(network: string, count: number): string {
  const url = (path: string) => new URL(`../../${path}`, import.meta.url).href;
  return `import { synthetic } from "${url("datasets/synthetic.ts")}";
import { experiment, ${network}, scratch, sgd } from "${url("mod.ts")}";
const data = { classes: 100, train: ${count * BATCH}, test: 10 };
const parts = { student: ${network}, distiller: scratch(), schedule: sgd({ epochs: ${EPOCHS}, batch: ${BATCH}, lr: 0.05 }) };
export const run = experiment(import.meta, { ...parts, dataset: synthetic({ ...data, crop: 4, flip: true }) });
export const bare = experiment(import.meta, { ...parts, dataset: synthetic({ ...data, crop: 0, flip: false }) });
`;
}

/** The bare steps of an experiment, traced: `run` gives the seconds of so many. */
async function bareSteps(spec: string, options: EngineOptions) {
  const [{ experiment }] = await loadExperiments(spec);
  const prepared = await prepare(experiment, 1, [], { modules: new Map() }, {
    ...options,
    ...UNSEEN,
    status: status({ quiet: true }),
  });
  const { train, opened, step, close } = prepared;
  const source = { task: experiment.dataset.task, split: train, image: opened.image };
  const [batch] = await Array.fromAsync(batches(source, inOrder(BATCH), BATCH));
  let steps = 0;
  const next = () =>
    step({
      ...batch,
      rate: { shape: [], data: Float32Array.of(0.05) },
      epoch: { shape: [], data: Float32Array.of(1) },
      step: { shape: [], data: Int32Array.of(steps++) },
    });
  await next();
  const run = async (count: number) => {
    const begun = performance.now();
    for (let i = 0; i < count; i++) await next();
    return (performance.now() - begun) / 1000;
  };
  return { run, close };
}

/**
 * A run of the runner, its status drawn to nowhere, and the seconds of its epochs but the first.
 */
async function epochs(folder: string, count: number, seed: number, options: EngineOptions) {
  const [{ id, experiment }] = await loadExperiments(join(folder, "bench.ts#run"));
  const shown = status({ terminal: true, columns: () => 80, write: () => {} });
  const ends: number[] = [];
  const line = (text: string) => {
    ends.push(performance.now());
    shown.line(text);
  };
  await runTrials([{ experiment, seed }], { ...options, ...UNSEEN, status: { ...shown, line } });
  const metrics = await Deno.readTextFile(
    join(new RunFolder(folder, id, seed, undefined).path, "metrics.jsonl"),
  );
  return metrics.trim().split("\n").map((text, i) => ({
    batches: count * BATCH / JSON.parse(text)["perf/images_per_second"],
    epoch: (ends[i] - ends[i - 1]) / 1000,
  })).slice(1);
}

/** Settings of a run that nobody watches; it reads no files. */
const UNSEEN: Pick<Settings, "data" | "fresh" | "interrupted"> = {
  data: "",
  fresh: false,
  interrupted: () => false,
};
