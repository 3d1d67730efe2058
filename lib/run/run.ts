/**
 * A run: queue, prepare, train, evaluate, record. The only loop.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import type { Epoch } from "../experiment/experiment.ts";
import type { Variable } from "../nn/variables.ts";
import { primaryOf } from "../project/metric.ts";
import { recordTrial, resultPath, type TeacherRecord, type Trial } from "../project/result.ts";
import { commit } from "../project/versions.ts";
import { listGradNorms, listValues, type NamedValue } from "../training/step.ts";
import { batchCount, trainInputs } from "../training/train_inputs.ts";
import { Failure } from "../values/failure.ts";
import { checkVariables } from "../weights/checkpoint.ts";
import type { Value } from "../weights/value.ts";
import { epochLine, epochLog, type EpochSummary, Logs } from "./epoch_log.ts";
import { addStep, enterGrads, NO_SUMS } from "./epoch_sums.ts";
import { readStages, type StageRecord } from "./first_stages.ts";
import { prepare, type Prepared } from "./prepare.ts";
import { type AskedTrial, checkQueue, isSameTrial, queue, type Queued } from "./queue.ts";
import { finalTrial, manifest } from "./record.ts";
import { type Resolved, resolveRun, STATES } from "./resolve.ts";
import type { BestEpoch, RunProgress } from "./run_folder.ts";
import { scheduleOf, type Settings } from "./settings.ts";
import { readTeachers, scoreTeachers } from "./teachers.ts";

/** A run that is done. */
export interface FinishedTrial {
  /** Its experiment's id. */
  readonly id: string;
  /** Its result. */
  readonly trial: Trial;
}

/**
 * Gives the results of trials, in the order asked. Those that are not done are trained one after
 * the other, each after its teachers and first stages; one that an earlier run began goes on where
 * that stopped. Each result is recorded as soon as it is there. Rejects with a `Failure` at the
 * first trial that fails: data or weights that are missing (exit 3) before anything is trained.
 */
export async function runTrials(
  asked: readonly AskedTrial[],
  settings: Settings,
): Promise<FinishedTrial[]> {
  const waiting = await queue(asked, settings);
  const done = new Map<AskedTrial, FinishedTrial>();
  const turnOf = (one: AskedTrial) => waiting.find((trial) => isSameTrial(trial, one));
  const before = async ({ experiment, seed }: AskedTrial) =>
    await doneBefore(await resolveRun(experiment, seed, settings), settings);
  for (const one of asked) if (!turnOf(one)) done.set(one, await before(one));
  await checkQueue(waiting);
  for (const trial of waiting) {
    const result = await train(trial);
    // What is trained for another trial, before its own turn, is reported at its own turn.
    if (result && !trial.need) done.set(trial, result);
  }
  const results: FinishedTrial[] = [];
  for (const one of asked) results.push(done.get(turnOf(one) ?? one) ?? await before(one));
  return results;
}

/**
 * Trains a trial whose teachers and first stages are done. Undefined: another process did it since
 * it was queued.
 */
async function train(
  { experiment, seed, keep, settings, need }: Queued,
): Promise<FinishedTrial | undefined> {
  const { status } = settings;
  const resolved = await resolveRun(experiment, seed, settings, keep);
  const { identity: { id }, folder, state } = resolved;
  const title = titleOf(resolved);
  if (state === "done") return undefined;
  if (need) status.line(`${need.role} ${id} seed ${seed} is ${STATES[state]}; it is trained first`);
  if (state !== "begun" && state !== "missing") {
    const aside = await folder.putAside();
    if (aside) status.line(`${title} is ${STATES[state]}; the old run is kept in ${aside}`);
  }
  const teachers = await readTeachers(experiment, resolved.root, settings);
  const stages = await readStages(experiment, settings);
  const prepared = await prepare(
    experiment,
    seed,
    teachers.map(({ weights }) => weights),
    stages,
    settings,
  );
  try {
    const say = (line: string) => status.line(`${title}: ${line}`);
    const records = await scoreTeachers(teachers, experiment.dataset.task, prepared, settings, say);
    const trial = await new Training(resolved, prepared, settings, keep, title).run(
      records,
      stages.records,
    );
    await recordTrial(resultPath(resolved.root, id), id, trial);
    return { id, trial };
  } finally {
    prepared.close();
    status.close();
  }
}

/**
 * The result of a trial that is not trained at its turn. Throws a `Failure` (exit 2) where it was
 * made in another way.
 */
async function doneBefore(resolved: Resolved, settings: Settings): Promise<FinishedTrial> {
  const { experiment, identity: { id }, folder, root } = resolved;
  const trial = (await folder.trial())!;
  sameMachinery(folder.path, trial, settings);
  const { task } = experiment.dataset;
  const { title, decimals } = task.measures[task.primary];
  const reached = `${title} ${primaryOf(trial.metric, task).last.toFixed(decimals)}`;
  settings.status.line(`${titleOf(resolved)}: done before, ${reached}; --fresh trains it again`);
  await recordTrial(resultPath(root, id), id, trial);
  return { id, trial };
}

function titleOf({ identity: { id }, seed, quick }: Resolved): string {
  return `${id} seed ${seed}${quick ? ` (${quick})` : ""}`;
}

/** What a run is computed in and by. */
type Machinery = Pick<RunProgress, "precision" | "backend">;

/**
 * Throws a `Failure` (exit 2) where a run was made in another precision or by another backend than
 * are asked for now.
 */
function sameMachinery(path: string, was: Machinery, asked: Partial<Machinery>): void {
  const { precision = was.precision, backend = was.backend } = asked;
  if (was.precision === precision && was.backend === backend) return;
  const flags = `--precision ${was.precision} --backend ${was.backend}`;
  throw new Failure(
    2,
    `${path} is a run with ${flags}: go on with these, or start again with --fresh`,
  );
}

/** The state of one training under way. */
class Training {
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

  /** Trains to the end and gives the trial. */
  async run(teachers: readonly TeacherRecord[], stages: readonly StageRecord[]): Promise<Trial> {
    const { experiment, folder } = this.#resolved;
    const { epochs } = scheduleOf(experiment, this.#settings);
    await folder.make();
    using _alone = await folder.lock(this.#title);
    await this.#resume();
    // Asked for before training: while it runs, the project may go on.
    const at = await commit(this.#resolved.root);
    await folder.write(
      "declaration.json",
      manifest(this.#resolved, this.#prepared, stages, this.#settings, this.#progress, at),
    );
    const logs = new Logs(folder.path, this.#progress.epoch);
    while (this.#progress.epoch < epochs) await this.#epoch(logs);
    const trial = await finalTrial(
      this.#resolved,
      this.#prepared,
      this.#progress,
      teachers,
      at,
      this.#settings,
    );
    await folder.write("trial.json", trial);
    return trial;
  }

  /** Goes on where `latest.safetensors` stands. */
  async #resume(): Promise<void> {
    const { folder } = this.#resolved;
    const latest = await folder.latest();
    if (!latest) return;
    const { progress, tensors } = latest;
    sameMachinery(folder.path, progress, this.#progress);
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
    // A crash may have come between the state and the weights of its epoch.
    if (progress.batch === 0) await this.#publish(tensors);
    const within = progress.batch > 0 ? `, batch ${progress.batch}` : "";
    this.#settings.status.line(`${this.#title}: goes on after epoch ${progress.epoch}${within}`);
  }

  /** The rest of an epoch: its batches, its evaluation, its log and its checkpoint. */
  async #epoch(logs: Logs): Promise<void> {
    const { opened, heldOut } = this.#prepared;
    const { epochs, rate } = scheduleOf(this.#resolved.experiment, this.#settings);
    const begun = performance.now();
    const before = this.#progress;
    const epoch = before.epoch + 1;
    const seconds = () => (performance.now() - begun) / 1000;
    const { sums, step, images, waited } = await this.#batches(epoch, seconds);
    const trained = seconds();
    const state = await this.#state(epoch);
    const { task } = this.#resolved.experiment.dataset;
    const score = (split: Split) =>
      evaluate(
        this.#prepared.evaluate,
        { task, split, image: opened.image },
        this.#settings.evalBatch,
      );
    const test = await score(opened.test);
    const held = heldOut && await score(heldOut.split);
    const chosen = (held ?? test)[task.primary];
    const better = !before.best || chosen > before.best.chosen;
    const best: BestEpoch = better ? { epoch, chosen, score: test } : before.best!;
    const total = before.seconds + seconds();
    const { batch, stepSeconds: fastest } = before;
    // What is left of an interrupted epoch begins with tracing the step again, and may be no step
    // at all.
    const stepSeconds = batch > 0
      ? fastest
      : Math.min(fastest ?? Infinity, trained / (step - before.step));
    const reached = { best, last: test, held, seconds: total, stepSeconds };
    this.#progress = { ...before, epoch, batch: 0, step, sums: NO_SUMS, ...reached };
    const speed = { imagesPerSecond: images / trained, waited, seconds: seconds() };
    const summary: EpochSummary = { epoch, epochs, rate: rate(epoch), sums, test, held, ...speed };
    logs.add(epochLog(task, summary));
    this.#settings.status.line(`${this.#title} ${epochLine(task, summary)}`);
    await this.#save(state);
    await this.#publish(state);
  }

  /** The batches of an epoch that are still to be done; its sums over all of them. */
  async #batches(
    epoch: number,
    seconds: () => number,
  ): Promise<Pick<RunProgress, "sums" | "step"> & Throughput> {
    const { experiment, seed } = this.#resolved;
    const { limit } = this.#settings;
    const before = this.#progress;
    const schedule = scheduleOf(experiment, this.#settings);
    const { epochs } = schedule;
    const { train, opened, parts: { task } } = this.#prepared;
    const source = { task, split: train, image: opened.image };
    const count = batchCount(train.size, schedule, limit);
    let { batch, step, sums } = before;
    let images = 0;
    let waited = 0;
    let asked = seconds();
    for await (const inputs of trainInputs(source, schedule, seed, { epoch, batch, step }, limit)) {
      waited += seconds() - asked;
      const lr = inputs.rate.data[0];
      if (this.#settings.gradNorms && !sums.grads) {
        const norms = await this.#prepared.gradNorms(inputs);
        this.#finite(listGradNorms(norms), epoch, step, lr);
        sums = enterGrads(sums, norms);
      }
      const values = await this.#prepared.step(inputs);
      this.#finite(listValues(values), epoch, step, lr);
      const inBatch = inputs.index.data.length;
      sums = addStep(sums, values, inBatch);
      images += inBatch;
      batch++;
      step++;
      const loss = (sums.loss / sums.images).toFixed(3);
      const speed = (images / seconds()).toFixed(0);
      const done = (epoch - 1 + batch / count) / epochs;
      this.#settings.status.update(done, `ep ${epoch}/${epochs} loss ${loss} img/s ${speed}`);
      if (this.#settings.interrupted()) {
        await this.#interrupt(epoch, { batch, step, sums, seconds: seconds() });
      }
      asked = seconds();
    }
    return { sums, step, images, waited };
  }

  /** Saves in the middle of an epoch and stops. */
  async #interrupt(
    epoch: number,
    done: Pick<RunProgress, "batch" | "step" | "sums" | "seconds">,
  ): Promise<never> {
    const state = await this.#state(epoch);
    const seconds = this.#progress.seconds + done.seconds;
    this.#progress = { ...this.#progress, ...done, seconds };
    await this.#save(state);
    const where = `in epoch ${epoch} after batch ${done.batch}`;
    throw new Failure(130, `${this.#title}: interrupted ${where}; saved, the same command goes on`);
  }

  /** Stops at the first value that is not a number, naming its term. */
  #finite(values: readonly NamedValue[], epoch: number, step: number, rate: number): void {
    const bad = values.find(([, value]) => !Number.isFinite(value[0]));
    if (!bad) return;
    const [name, [value]] = bad;
    const place = `in epoch ${epoch}, step ${step} (lr ${+rate.toPrecision(6)})`;
    throw this.#diverged(`the term ${name} is ${value} ${place}`);
  }

  /**
   * Everything that is needed to go on. Stops where some of it is not a number: nobody could go on
   * from there.
   */
  async #state(epoch: number): Promise<Map<string, Value>> {
    const { state, engine } = this.#prepared;
    const values = await engine.read(state);
    const bad = state.find((_, i) => !values[i].every(Number.isFinite));
    if (bad) throw this.#diverged(`the variable ${bad.name} is not finite in epoch ${epoch}`);
    return new Map(state.map(({ name, shape }, i) => [name, { shape, data: values[i] }]));
  }

  #diverged(what: string): Failure {
    const { epoch } = this.#progress;
    const kept = epoch > 0 ? `; epoch ${epoch} is kept in ${this.#resolved.folder.path}` : "";
    return new Failure(4, `${this.#title}: ${what}${kept}; try a smaller learning rate or weight`);
  }

  async #save(state: ReadonlyMap<string, Value>): Promise<void> {
    const { folder } = this.#resolved;
    await folder.save(folder.file("latest.safetensors"), state, this.#progress);
  }

  /**
   * Writes the weights of the epoch that is complete where the best, the last or its own are
   * wanted.
   */
  async #publish(state: ReadonlyMap<string, Value>): Promise<void> {
    const { experiment, identity, seed, folder } = this.#resolved;
    const { epoch, best } = this.#progress;
    const { epochs } = scheduleOf(experiment, this.#settings);
    const { weights, trainedModules } = this.#prepared;
    const student = valuesOf(weights, state);
    const trained = trainedModules && valuesOf(trainedModules, state);
    const metadata = { experiment: identity.id, seed, epoch };
    const of: Record<Epoch, number | undefined> = { best: best?.epoch, last: epochs };
    for (const which of new Set<Epoch>(["best", "last", ...this.#keep])) {
      if ((of[which] ?? which) !== epoch) continue;
      await folder.save(folder.weights(which), student, metadata);
      if (trained) await folder.save(folder.trainedModules(which), trained, metadata);
    }
  }
}

/** What one process did of an epoch. */
interface Throughput {
  /** Images that went through a step. */
  readonly images: number;
  /** Seconds in which the step waited for data. */
  readonly waited: number;
}

/** The values in a state of these variables, under the names that they have here. */
function valuesOf(
  variables: ReadonlyMap<string, Variable>,
  state: ReadonlyMap<string, Value>,
): Map<string, Value> {
  return new Map(Array.from(variables, ([name, variable]) => [name, state.get(variable.name)!]));
}
