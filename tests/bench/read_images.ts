/**
 * Reads a folder of JPEG files as ImageNet's training images, alone and beside a step, and prints
 * the images per second as JSON.
 *
 * @module
 */
import { decoders } from "../../datasets/images/decoders.ts";
import { classFolders } from "../../datasets/images/class_folders.ts";
import { imageSplit } from "../../datasets/images/image_split.ts";
import { imagenet } from "../../datasets/imagenet.ts";
import { openTree } from "../../datasets/files/tree.ts";
import type { Split } from "../../lib/data/dataset.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { openEngine } from "../../lib/engine/open_engine.ts";
import { experiment } from "../../lib/experiment/experiment.ts";
import { resnet18 } from "../../lib/networks/imagenet.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { runCommand } from "../../lib/terminal/command.ts";
import { parseFlags, type Spec } from "../../lib/terminal/flags.ts";
import { batches } from "../../lib/training/batches.ts";
import { experimentStep } from "../support/experiment_step.ts";
import type { Rates } from "./data_rates.ts";

const FLAGS = {
  folder: { type: "string", help: "the folder with `train/<class>/<file>`" },
  workers: { type: "integer", least: 1, help: "number of workers. Default: 1" },
  batch: { type: "integer", least: 1, help: "images per batch. Default: 32" },
  batches: { type: "integer", least: 1, help: "timed batches. Default: 100" },
  steps: { type: "integer", least: 0, help: "timed steps, beside which it reads. Default: 0" },
} as const satisfies Spec;

const SIZE = 224;

const EXPERIMENT = experiment(import.meta, {
  dataset: imagenet(),
  student: resnet18,
  distiller: scratch(),
  schedule: sgd({ epochs: 1, batch: 32, lr: 0.1 }),
});

async function main(args: readonly string[]): Promise<void> {
  const { folder = "", workers = 1, batch = 32, batches = 100, steps = 0 } = parseFlags(
    args,
    FLAGS,
  );
  const { engine } = await openEngine();
  const tree = await openTree(folder, "train");
  const open = decoders(workers);
  const { train } = classFolders(tree, "train", "train");
  const split = imageSplit(tree, train, open, 3 * SIZE ** 2, (draw) => ({
    kind: "random",
    size: SIZE,
    area: [0.08, 1],
    ratio: [3 / 4, 4 / 3],
    seed: draw!.seed,
    stream: draw!.name,
  }));
  const images = imagesOf(split, batch, 2 + batches + steps);
  const read = () => images.next();
  for (let i = 0; i < 2; i++) await read();
  const alone = await rate(batches, batch, read);
  let rates: Rates = { alone, bare: null, beside: null };
  if (steps > 0) {
    const { step } = await experimentStep(engine, [EXPERIMENT], batch);
    for (let i = 0; i < 2; i++) await step();
    const bare = await rate(steps, batch, step);
    rates = { alone, bare, beside: await rate(steps, batch, () => read().then(step)) };
  }
  open.close();
  tree.close();
  engine.close();
  console.log(JSON.stringify(rates));
}

/** Batches of a split's images, each read while the caller works on the one before. */
function imagesOf(split: Split, batch: number, count: number) {
  const order = Uint32Array.from({ length: batch * count }, (_, i) => i % split.size);
  const { task } = EXPERIMENT.dataset;
  return batches({ task, split, image: [SIZE, SIZE, 3] }, order, batch, { seed: 1, epoch: 1 });
}

/** Images per second of an action on a batch. */
async function rate(count: number, batch: number, act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) await act();
  return +(1000 * count * batch / (performance.now() - start)).toFixed(1);
}

if (import.meta.main) await runCommand(() => main(Deno.args));
