import { compileSteps } from "../../lib/training/compile_steps.ts";
import { join } from "node:path";
import { batches, inOrder } from "../../lib/training/batches.ts";
import { loadExperiments } from "../../lib/project/identify.ts";
import { formatTable } from "../../lib/values/markdown.ts";
import type { EngineOptions } from "../../lib/engine/open_engine.ts";
import { prepare } from "../../lib/run/prepare.ts";
import { runTrials } from "../../lib/run/run.ts";
import { RunFolder } from "../../lib/run/run_folder.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { status } from "../../lib/terminal/status.ts";
import { project } from "../support/toy_project.ts";

/**
 * The cost of an epoch of the real runner and of its bare steps, which are the same step without
 * augmentation on one batch.
 */
export interface RunnerCost {
  /** The student, which has no teacher. */
  readonly network: string;
  /** Seconds of one epoch's number of bare steps. */
  readonly bare: number;
  /** Seconds to read, augment, run and show the epoch's batches. */
  readonly batches: number;
  /**
   * Seconds from one epoch's log to the next: batches, evaluation of ten images, log, checkpoint.
   */
  readonly epoch: number;
}

/** Epochs of a run. The first one traces and does not count. */
const EPOCHS = 3;
const BATCH = 64;

/** Measures the real runner and its bare steps in turn. The best epoch of all rounds counts. */
export async function runnerCost(
  network: string,
  count: number,
  rounds: number,
  options: EngineOptions,
): Promise<RunnerCost> {
  const best = { bare: Infinity, batches: Infinity, epoch: Infinity };
  await project({ "bench.ts": writeModule(network, count) }, async (folder) => {
    const bare = await traceBareSteps(join(folder, "bench.ts#bare"), options);
    try {
      for (let seed = 1; seed <= rounds; seed++) {
        for (const { batches, epoch } of await timeEpochs(folder, count, seed, options)) {
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

/** Formats costs as a table. */
export function costTable(costs: readonly RunnerCost[]): string {
  const seconds = (value: number) => value.toFixed(2);
  return formatTable(
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

/** Writes a module with two experiments that differ in their augmentation. */
function writeModule(network: string, count: number): string {
  const url = (path: string) => new URL(`../../${path}`, import.meta.url).href;
  return `import { synthetic } from "${url("datasets/synthetic.ts")}";
import { experiment, ${network}, scratch, sgd } from "${url("mod.ts")}";
const data = { classes: 100, train: ${count * BATCH}, test: 10 };
const parts = { student: ${network}, distiller: scratch(), schedule: sgd({ epochs: ${EPOCHS}, batch: ${BATCH}, lr: 0.05 }) };
export const run = experiment(import.meta, { ...parts, dataset: synthetic({ ...data, crop: 4, flip: true }) });
export const bare = experiment(import.meta, { ...parts, dataset: synthetic({ ...data, crop: 0, flip: false }) });
`;
}

/** Traces the bare step of an experiment. `run` returns the seconds of `count` steps. */
async function traceBareSteps(spec: string, options: EngineOptions) {
  const [{ experiment }] = await loadExperiments(spec);
  const source = { experiment, teachers: [], stages: { modules: new Map() }, learned: [] };
  const prepared = await prepare([source], 1, {
    ...options,
    ...UNSEEN,
    status: status({ quiet: true }),
  });
  const { train, opened, engine, assemblies, close } = prepared;
  const { step } = compileSteps(engine, assemblies);
  const images = { task: experiment.dataset.task, split: train, image: opened.image };
  const [batch] = await Array.fromAsync(batches(images, inOrder(BATCH), BATCH));
  let steps = 0;
  const next = () =>
    step({
      ...batch,
      rate: { shape: [1], data: Float32Array.of(0.05) },
      epoch: { shape: [], data: Float32Array.of(1) },
      step: { shape: [], data: Int32Array.of(steps++) },
    });
  await next();
  const run = async (count: number) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) await next();
    return (performance.now() - start) / 1000;
  };
  return { run, close };
}

/**
 * Runs the runner with its status written to nowhere. Returns the seconds of all epochs but the
 * first.
 */
async function timeEpochs(folder: string, count: number, seed: number, options: EngineOptions) {
  const [{ id, experiment }] = await loadExperiments(join(folder, "bench.ts#run"));
  const hidden = status({ terminal: true, columns: () => 80, write: () => {} });
  const ends: number[] = [];
  const line = (text: string) => {
    ends.push(performance.now());
    hidden.line(text);
  };
  await runTrials([{ experiment, seed }], { ...options, ...UNSEEN, status: { ...hidden, line } });
  const metrics = await Deno.readTextFile(
    join(new RunFolder(folder, id, seed, undefined).path, "metrics.jsonl"),
  );
  return metrics.trim().split("\n").map((text, i) => ({
    batches: count * BATCH / JSON.parse(text)["perf/images_per_second"],
    epoch: (ends[i] - ends[i - 1]) / 1000,
  })).slice(1);
}

/** Settings of a run that reads no files and is never interrupted. */
const UNSEEN: Pick<Settings, "data" | "fresh" | "interrupted"> = {
  data: "",
  fresh: false,
  interrupted: () => false,
};
