import type { Epoch } from "../../lib/experiment/experiment.ts";
import { resolveRun } from "../../lib/run/resolve.ts";
import { saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import type { Toys } from "./toy_runs.ts";
import { trial } from "./trial.ts";

/** Writes the files of a complete run of a toy, which has three epochs, with these weights. */
export async function writeRun(
  toys: Pick<Toys, "experiment" | "settings">,
  name: string,
  seed: number,
  weights: readonly Epoch[],
): Promise<void> {
  const { folder, declaration } = await resolveRun(
    await toys.experiment(name),
    seed,
    toys.settings({ fresh: true }),
  );
  await folder.make();
  const progress = {
    declaration,
    precision: "float32",
    backend: "cpu",
    epoch: 3,
    batch: 0,
    step: 12,
  };
  const last = { top1: 50, top5: 100 };
  const reached = { last, best: { epoch: 3, chosen: 50, score: last } };
  await saveCheckpoint(folder.file("latest.safetensors"), new Map(), {
    ...progress,
    ...reached,
    sums: {},
    seconds: 1,
  });
  for (const epoch of weights) await Deno.writeTextFile(folder.weights(epoch), "");
  await folder.writeTrial(trial(seed, 50, { declaration }));
}
