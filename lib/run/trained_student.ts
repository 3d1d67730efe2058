import { loadCheckpoint, type Value } from "../weights/checkpoint.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { resolve, STATES } from "./resolve.ts";
import type { Trial } from "../project/result.ts";
import type { Settings } from "./settings.ts";
import { sha256 } from "../values/sha256.ts";

/** The student of a run that is done. */
export interface TrainedStudent {
  /** What trained it. */
  readonly experiment: Experiment;
  /** The experiment's id. */
  readonly id: string;
  /** Its seed. */
  readonly seed: number;
  /** The file of its weights. */
  readonly path: string;
  /** The SHA-256 of that file, in hexadecimal digits. */
  readonly sha256: string;
  /** Its variables by their names inside it. */
  readonly tensors: ReadonlyMap<string, Value>;
  /** What the run reached. */
  readonly trial: Trial;
}

/**
 * The student of an experiment's run with a seed after its last or best epoch; with `epochs` or `limit` that of the quick
 * run they make. Rejects with a `Failure` (exit 3) where it is not trained, or its experiment has changed since.
 */
export async function trainedStudent(
  experiment: Experiment,
  seed: number,
  epoch: "last" | "best",
  { epochs, limit }: Pick<Settings, "epochs" | "limit"> = {},
): Promise<TrainedStudent> {
  const { identity: { id }, folder, state } = await resolve(experiment, seed, { epochs, limit, fresh: false });
  if (state !== "done") {
    const flags = Object.entries({ seed, epochs, limit }).filter(([, value]) => value !== undefined)
      .map(([name, value]) => ` --${name} ${value}`);
    throw new Failure(3, `${id} seed ${seed} is ${STATES[state]}; \`deno task exp ${id}${flags.join("")}\` trains it`);
  }
  const path = folder.weights(epoch), trial = (await folder.trial())!;
  const [{ tensors }, digest] = [await loadCheckpoint(path), await sha256(await Deno.readFile(path))];
  return { experiment, id, seed, path, sha256: digest, tensors, trial };
}
