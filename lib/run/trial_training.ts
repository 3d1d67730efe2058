/**
 * The training of one trial: resume, train, evaluate, log and save, epoch after epoch. The only
 * training loop.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import type { Epoch } from "../experiment/experiment.ts";
import type { Variable } from "../nn/variables.ts";
import type { TeacherRecord, Trial } from "../project/result.ts";
import { commit } from "../project/versions.ts";
import type { Score } from "../tasks/task.ts";
import { listGradNorms, listValues, type NamedValue } from "../training/step.ts";
import { batchCount, trainInputs } from "../training/train_inputs.ts";
import { Failure } from "../values/failure.ts";
import { checkVariables } from "../weights/checkpoint.ts";
import type { Value } from "../weights/value.ts";
import { epochLine, epochLog, type EpochSummary, Logs } from "./epoch_log.ts";
import { addStep, type EpochSums, NO_SUMS, setGradNorms } from "./epoch_sums.ts";
import type { StageRecord } from "./first_stages.ts";
import type { Prepared } from "./prepare.ts";
import { finalTrial, manifest } from "./record.ts";
import type { Resolved } from "./resolve.ts";
import type { BestEpoch, RunProgress } from "./run_folder.ts";
import { scheduleOf, type Settings } from "./settings.ts";

/** The number format and the backend of a run. */
export type Arithmetic = Pick<RunProgress, "precision" | "backend">;

/** Throws a `Failure` (exit 2) if a run has another precision or backend than requested. */
export function checkArithmetic(
  path: string,
  used: Arithmetic,
  requested: Partial<Arithmetic>,
): void {
  const { precision = used.precision, backend = used.backend } = requested;
  if (used.precision === precision && used.backend === backend) return;
  const flags = `--precision ${used.precision} --backend ${used.backend}`;
  throw new Failure(
    2,
    `${path} is a run with ${flags}: continue with these flags, or start again with --fresh`,
  );
}

/** The training of one trial. */
export class TrialTraining {
  readonly #resolved: Resolved;
  readonly #prepared: Prepared;
  readonly #settings: Settings;
  readonly #keep: readonly Epoch[];
  readonly #title: string;
  #progress: RunProgress;

  constructor(
    resolved: Resolved,
    prepared: Prepared,
    settings: Settings,
    keep: readonly Epoch[],
    title: string,
  ) {
    this.#resolved = resolved;
    this.#prepared = prepared;
    this.#settings = settings;
    this.#keep = keep;
    this.#title = title;
    const { precision = "float32", backend = "tensorflow" } = settings;
    const start = { epoch: 0, batch: 0, step: 0, sums: NO_SUMS, seconds: 0 };
    this.#progress = { declaration: resolved.declaration, precision, backend, ...start };
  }

  /** Trains all epochs that are left and returns the trial. */
  async run(teachers: readonly TeacherRecord[], stages: readonly StageRecord[]): Promise<Trial> {
    const { experiment, folder } = this.#resolved;
    const { epochs } = scheduleOf(experiment, this.#settings);
    await folder.make();
    using _alone = await folder.lock(this.#title);
    await this.#resume();
    // Read before training, because the project may change meanwhile.
    const revision = await commit(this.#resolved.root);
    await folder.write(
      "declaration.json",
      manifest(this.#resolved, this.#prepared, stages, this.#settings, this.#progress, revision),
    );
    const logs = new Logs(folder.path, this.#progress.epoch);
    while (this.#progress.epoch < epochs) await this.#trainEpoch(logs);
    const trial = await finalTrial(
      this.#resolved,
      this.#prepared,
      this.#progress,
      teachers,
      revision,
      this.#settings,
    );
    await folder.write("trial.json", trial);
    return trial;
  }

  /** Continues from `latest.safetensors`, if there is one. */
  async #resume(): Promise<void> {
    const { folder } = this.#resolved;
    const latest = await folder.latest();
    if (!latest) return;
    const { progress, tensors } = latest;
    checkArithmetic(folder.path, progress, this.#progress);
    const { state, engine } = this.#prepared;
    checkVariables(
      folder.file("latest.safetensors"),
      tensors,
      new Map(state.map(({ name, shape }) => [name, shape])),
    );
    await engine.hold(
      state,
      new Map(Array.from(tensors, ([name, { data }]) => [name, data as Float32Array])),
    );
    this.#progress = progress;
    // A crash may have come after the state was saved and before the weights of its epoch were.
    if (progress.batch === 0) await this.#saveWeights(tensors);
    const within = progress.batch > 0 ? `, batch ${progress.batch}` : "";
    this.#settings.status.line(`${this.#title}: goes on after epoch ${progress.epoch}${within}`);
  }

  /** Trains the rest of an epoch, evaluates the student, logs the epoch and saves its state. */
  async #trainEpoch(logs: Logs): Promise<void> {
    const { experiment } = this.#resolved;
    const { task } = experiment.dataset;
    const { epochs, rate } = scheduleOf(experiment, this.#settings);
    const begun = performance.now();
    const before = this.#progress;
    const epoch = before.epoch + 1;
    const seconds = () => (performance.now() - begun) / 1000;
    const { sums, step, images, waited } = await this.#trainBatches(epoch, seconds);
    const trained = seconds();
    const state = await this.#readState(epoch);
    const { test, held } = await this.#evaluateStudent();
    this.#progress = {
      ...before,
      epoch,
      batch: 0,
      step,
      sums: NO_SUMS,
      best: betterOf(before.best, { epoch, chosen: (held ?? test)[task.primary], score: test }),
      last: test,
      held,
      seconds: before.seconds + seconds(),
      stepSeconds: fastestStep(before, step, trained),
    };
    const speed = { imagesPerSecond: images / trained, waited, seconds: seconds() };
    const summary: EpochSummary = { epoch, epochs, rate: rate(epoch), sums, test, held, ...speed };
    logs.add(epochLog(task, summary));
    this.#settings.status.line(`${this.#title} ${epochLine(task, summary)}`);
    await this.#saveState(state);
    await this.#saveWeights(state);
  }

  /** Trains the batches that are left of an epoch. The sums are over all of its batches. */
  async #trainBatches(
    epoch: number,
    seconds: () => number,
  ): Promise<Pick<RunProgress, "sums" | "step"> & Throughput> {
    const { experiment, seed } = this.#resolved;
    const { limit } = this.#settings;
    const schedule = scheduleOf(experiment, this.#settings);
    const { train, opened, parts: { task } } = this.#prepared;
    const source = { task, split: train, image: opened.image };
    const count = batchCount(train.size, schedule, limit);
    let { batch, step, sums } = this.#progress;
    let images = 0;
    let waited = 0;
    let ready = seconds();
    for await (const inputs of trainInputs(source, schedule, seed, { epoch, batch, step }, limit)) {
      waited += seconds() - ready;
      const lr = inputs.rate.data[0];
      if (this.#settings.gradNorms && !sums.grads) {
        const norms = await this.#prepared.gradNorms(inputs);
        this.#checkFinite(listGradNorms(norms), epoch, step, lr);
        sums = setGradNorms(sums, norms);
      }
      const values = await this.#prepared.step(inputs);
      this.#checkFinite(listValues(values), epoch, step, lr);
      const inBatch = inputs.index.data.length;
      sums = addStep(sums, values, inBatch);
      images += inBatch;
      batch++;
      step++;
      this.#showProgress(epoch, batch / count, sums, images / seconds());
      if (this.#settings.interrupted()) {
        await this.#interrupt(epoch, { batch, step, sums, seconds: seconds() });
      }
      ready = seconds();
    }
    return { sums, step, images, waited };
  }

  /** Shows the progress of the training. `share` is the finished part of the epoch, 0 … 1. */
  #showProgress(epoch: number, share: number, sums: EpochSums, imagesPerSecond: number): void {
    const { epochs } = scheduleOf(this.#resolved.experiment, this.#settings);
    const loss = (sums.loss / sums.images).toFixed(3);
    const speed = imagesPerSecond.toFixed(0);
    const done = (epoch - 1 + share) / epochs;
    this.#settings.status.update(done, `ep ${epoch}/${epochs} loss ${loss} img/s ${speed}`);
  }

  /** Scores the student on the test set, and on the hold-out if there is one. */
  async #evaluateStudent(): Promise<{ readonly test: Score; readonly held?: Score }> {
    const { task } = this.#resolved.experiment.dataset;
    const { opened: { test, image }, heldOut } = this.#prepared;
    const { evalBatch } = this.#settings;
    const score = (split: Split) =>
      evaluate(this.#prepared.evaluate, { task, split, image }, evalBatch);
    return { test: await score(test), held: heldOut && await score(heldOut.split) };
  }

  /** Saves the state in the middle of an epoch and stops. */
  async #interrupt(
    epoch: number,
    done: Pick<RunProgress, "batch" | "step" | "sums" | "seconds">,
  ): Promise<never> {
    const state = await this.#readState(epoch);
    const seconds = this.#progress.seconds + done.seconds;
    this.#progress = { ...this.#progress, ...done, seconds };
    await this.#saveState(state);
    const where = `in epoch ${epoch} after batch ${done.batch}`;
    throw new Failure(130, `${this.#title}: interrupted ${where}; saved, the same command goes on`);
  }

  /** Throws a `Failure` (exit 4) that names the first term whose value is not finite. */
  #checkFinite(values: readonly NamedValue[], epoch: number, step: number, rate: number): void {
    const bad = values.find(([, value]) => !Number.isFinite(value[0]));
    if (!bad) return;
    const [name, [value]] = bad;
    const place = `in epoch ${epoch}, step ${step} (lr ${+rate.toPrecision(6)})`;
    throw this.#divergence(`the term ${name} is ${value} ${place}`);
  }

  /**
   * Reads the whole state, from which the run can continue. Rejects with a `Failure` (exit 4) if
   * some of it is not finite: no run could continue from there.
   */
  async #readState(epoch: number): Promise<Map<string, Value>> {
    const { state, engine } = this.#prepared;
    const values = await engine.read(state);
    const bad = state.find((_, i) => !values[i].every(Number.isFinite));
    if (bad) throw this.#divergence(`the variable ${bad.name} is not finite in epoch ${epoch}`);
    return new Map(state.map(({ name, shape }, i) => [name, { shape, data: values[i] }]));
  }

  #divergence(problem: string): Failure {
    const { epoch } = this.#progress;
    const kept = epoch > 0 ? `; epoch ${epoch} is kept in ${this.#resolved.folder.path}` : "";
    const advice = "try a smaller learning rate or weight";
    return new Failure(4, `${this.#title}: ${problem}${kept}; ${advice}`);
  }

  async #saveState(state: ReadonlyMap<string, Value>): Promise<void> {
    const { folder } = this.#resolved;
    await folder.save(folder.file("latest.safetensors"), state, this.#progress);
  }

  /**
   * Writes the student's weights after the epoch that is just complete, if it is the best, the last
   * or one to keep.
   */
  async #saveWeights(state: ReadonlyMap<string, Value>): Promise<void> {
    const { experiment, identity, seed, folder } = this.#resolved;
    const { epoch, best } = this.#progress;
    const { epochs } = scheduleOf(experiment, this.#settings);
    const { weights, trainedModules } = this.#prepared;
    const student = selectValues(weights, state);
    const modules = trainedModules && selectValues(trainedModules, state);
    const metadata = { experiment: identity.id, seed, epoch };
    const numbers: Record<Epoch, number | undefined> = { best: best?.epoch, last: epochs };
    for (const name of new Set<Epoch>(["best", "last", ...this.#keep])) {
      if ((numbers[name] ?? name) !== epoch) continue;
      await folder.save(folder.weights(name), student, metadata);
      if (modules) await folder.save(folder.trainedModules(name), modules, metadata);
    }
  }
}

/** The part of an epoch that one process trained. */
interface Throughput {
  /** The number of images that went through a step. */
  readonly images: number;
  /** Seconds in which the step waited for data. */
  readonly waited: number;
}

/** The better epoch. The earlier one if they are equal. */
function betterOf(earlier: BestEpoch | undefined, epoch: BestEpoch): BestEpoch {
  return !earlier || epoch.chosen > earlier.chosen ? epoch : earlier;
}

/** Seconds of a step in the fastest epoch so far. The latest one took `trained` seconds. */
function fastestStep(before: RunProgress, step: number, trained: number): number | undefined {
  const { batch, stepSeconds: fastest } = before;
  // The rest of an interrupted epoch traces the step again, and may have no steps at all.
  if (batch > 0) return fastest;
  return Math.min(fastest ?? Infinity, trained / (step - before.step));
}

/** Picks the values of variables from a state, under the keys of `variables`. */
function selectValues(
  variables: ReadonlyMap<string, Variable>,
  state: ReadonlyMap<string, Value>,
): Map<string, Value> {
  return new Map(Array.from(variables, ([name, variable]) => [name, state.get(variable.name)!]));
}
