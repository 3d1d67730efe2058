import type { OpenDataset } from "../data/dataset.ts";
import { Fingerprint, type Learned } from "../data/fingerprint.ts";
import type { Engine } from "../engine/engine.ts";
import { type EngineOptions, openEngine } from "../engine/open_engine.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { buildModel, checkScores, type Model, type Net } from "../nn/network.ts";
import { type Variable, variables } from "../nn/variables.ts";
import type { Status } from "../terminal/status.ts";
import { importWeights, type NamedTensors } from "../weights/import_weights.ts";

/** Trained weights and the data set to examine them on. */
export interface Subject {
  readonly network: Net;
  /** The weights, by Retort's names or those of the reference implementations. */
  readonly file: NamedTensors;
  /** The data set with the test images. */
  readonly dataset: Experiment["dataset"];
  /** What the run that trained them learned from. `undefined` if that is unknown. */
  readonly learned?: Learned;
}

/** How a subject is opened. */
export interface SubjectOptions extends Pick<EngineOptions, "precision" | "backend" | "threads"> {
  /** The folder of the data sets. */
  readonly data: string;
  /** Shows the progress. */
  readonly status: Status;
  /** Images in a batch. Default: that of the task's evaluations. */
  readonly evalBatch?: number;
}

/** A subject whose data are open and whose weights an engine holds, until it is disposed. */
export interface OpenSubject extends Disposable {
  readonly opened: OpenDataset;
  readonly engine: Engine;
  readonly model: Model;
}

/**
 * Opens the data set of a subject and an engine with its weights. Rejects with a `Failure` (exit 3)
 * if the data are missing, if they are others than the weights learned from, or if the weights are
 * another network's.
 */
export async function openSubject(
  { network, file, dataset, learned }: Subject,
  { data, status, ...options }: SubjectOptions,
): Promise<OpenSubject> {
  const log = status.line;
  using resources = new DisposableStack();
  const opened = await dataset.open(data, log);
  resources.defer(() => opened.close());
  if (learned) await new Fingerprint(opened, dataset.task).check(learned);
  const { image, classes } = opened;
  const tensors = importWeights(network, image, classes.length, file, log);
  const { engine } = await openEngine({ ...options, log });
  resources.defer(() => engine.close());
  const values = new Map(Array.from(tensors, ([name, { data }]) => [name, data as Float32Array]));
  const collected = new Map<string, Variable>();
  const scope = variables({ seed: 0, collected, fixed: true, values });
  const model = buildModel(network, scope, image, classes.length);
  checkScores(model);
  await engine.hold([...collected.values()]);
  const owned = resources.move();
  return { opened, engine, model, [Symbol.dispose]: () => owned.dispose() };
}
