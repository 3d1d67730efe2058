import { scratch } from "../../lib/distillers/scratch.ts";
import { type Experiment, experiment } from "../../lib/experiment/experiment.ts";
import { distilledVit } from "../../lib/networks/vit.ts";
import { adamw } from "../../lib/optimizers/adamw.ts";
import { Failure } from "../../lib/values/failure.ts";
import { images } from "./pair.ts";

/** The steps of vision transformers, by their names in `torch_vit.py`. */
export const VITS = {
  deit: experiment(import.meta, {
    dataset: images(),
    student: distilledVit({ patch: 4 }),
    distiller: scratch(),
    schedule: adamw({ epochs: 1, batch: 64, lr: 1e-3 }),
  }),
} as const satisfies Readonly<Record<string, Experiment>>;

/** A transformer's name. */
export type VitName = keyof typeof VITS;

/** Finds the transformer of this name. Throws a `Failure` (exit 2) if there is none. */
export function vitOf(name: string): VitName {
  if (Object.hasOwn(VITS, name)) return name as VitName;
  throw new Failure(2, `--vit is one of ${Object.keys(VITS).join(", ")}, not "${name}"`);
}
