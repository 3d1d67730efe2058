/**
 * Shorter runs of a trial: of the same declaration but for fewer epochs. The longer one goes on from
 * where such a run is, if it would have come there itself, bit for bit if it is deterministic and
 * has as many threads.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { epochSize } from "../data/epoch.ts";
import { declarationHash } from "../experiment/declaration.ts";
import type { Epoch } from "../experiment/experiment.ts";
import type { RunLength, Schedule } from "../experiment/schedule.ts";
import { Leases } from "../files/lease.ts";
import { changedCode } from "../project/own_code.ts";
import { runLength, stepsInEpoch } from "../training/run_length.ts";
import { Failure } from "../values/failure.ts";
import { canonical } from "../values/json.ts";
import { count, looseObject, nullable, readAs, text } from "../values/reader.ts";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "../weights/checkpoint.ts";
import { Claim, tryClaim } from "./claim.ts";
import { copyLogs } from "./epoch_log.ts";
import type { Prepared } from "./prepare.ts";
import type { QueuedTrial } from "./queue.ts";
import { type FoundationWeights, originOf } from "./record.ts";
import { RunFolder, type RunOrigin, type RunProgress } from "./run_folder.ts";
import { entriesOf, RUNS } from "./run_ids.ts";
import { quickSettings, scheduleOf } from "./settings.ts";
import { SOLE_WORKER } from "./workers.ts";

/** A trial to train, as far as shorter runs are concerned. */
export type LongerTrial = Omit<QueuedTrial, "need" | "state">;

/** A shorter run of a trial, with its whole state. */
export interface ShorterRun extends Pick<Checkpoint, "tensors"> {
  readonly folder: RunFolder;
  /** Its own schedule, of fewer epochs. */
  readonly schedule: Schedule;
  readonly progress: RunProgress;
}

/** The furthest shorter run from which a trial can go on, or the furthest one and why it cannot. */
export interface Start {
  readonly from: ShorterRun;
  /** Why it starts anew. `undefined`: it goes on. */
  readonly reason: string | undefined;
}

/**
 * Finds where a trial starts. `weights` are those of its teachers and first stages. `undefined` if
 * there is no shorter run, or if the trial is to be trained anew.
 */
export async function findStart(
  trial: LongerTrial,
  prepared: Prepared,
  weights: FoundationWeights,
): Promise<Start | undefined> {
  if (trial.settings.fresh) return undefined;
  const runs = await shorterRuns(trial);
  if (runs.length === 0) return undefined;
  const origin = await originOf(trial, prepared, weights);
  const starts: Start[] = [];
  for (const from of runs) {
    starts.push({ from, reason: await obstacle(trial, from, prepared, origin) });
  }
  return starts.find(({ reason }) => reason === undefined) ?? starts[0];
}

/** Says in words where a trial starts. */
export function describeStart(
  { from: { folder, schedule: { epochs }, progress: { epoch, batch } }, reason }: Start,
): string {
  const length = `${epochs} ${epochs === 1 ? "epoch" : "epochs"}`;
  const place = batch > 0 ? `epoch ${epoch}, batch ${batch}` : `epoch ${epoch}`;
  const run = `the run of ${length} in ${folder.path} after ${place}`;
  if (reason !== undefined) return `does not go on from ${run}: ${reason}; it starts anew`;
  return `goes on from ${run}, which is the same up to there`;
}

/**
 * Makes a trial go on from where another run is, which stays as it is. Returns why not if that run
 * trains just now, or its weights are damaged. Rejects with a `Failure` (exit 3) if the copies
 * cannot be written. Call it only with the trial's claim.
 */
export async function goOnFrom(
  { folder, declaration, identity: { id }, seed, keep }: LongerTrial,
  { folder: from, progress, tensors }: ShorterRun,
  { opened: { image } }: Pick<Prepared, "opened">,
): Promise<string | undefined> {
  const claim = tryClaim(from, from.path, new Leases());
  if (!(claim instanceof Claim)) return "another process trains it";
  using _ = claim;
  const latest = await from.latest();
  if (!latest || canonical(latest.progress) !== canonical(progress)) return "it has just gone on";
  const epochs: [Epoch, number][] = keep.flatMap((epoch) =>
    typeof epoch === "number" ? [[epoch, epoch]] : []
  );
  if (progress.best) epochs.push(["best", progress.best.epoch]);
  await folder.make();
  for (const [name, epoch] of epochs) {
    const metadata = { experiment: id, seed, epoch, image };
    const [copies, originals] = [filesOf(folder, name), filesOf(from, name)];
    for (const [i, original] of originals.entries()) {
      if (!existsSync(original)) continue;
      const read = await loadCheckpoint(original).catch((error) => {
        if (error instanceof Failure) return error;
        throw error;
      });
      if (read instanceof Failure) return read.message;
      await saveCheckpoint(copies[i], read.tensors, metadata);
    }
  }
  await copyLogs(from.path, folder.path);
  // Last, since from here on the trial is begun.
  await folder.saveLatest(tensors, { ...progress, declaration });
}

/** The files that a run may have of an epoch's weights: the student, its average, its modules. */
function filesOf(folder: RunFolder, epoch: Epoch): string[] {
  return [
    folder.weights(epoch),
    folder.weights(epoch, "average"),
    folder.trainedModules(epoch),
  ];
}

/** Lists the shorter runs of a trial, the furthest first. */
async function shorterRuns(trial: LongerTrial): Promise<ShorterRun[]> {
  const found: ShorterRun[] = [];
  for (const path of foldersBelow(join(trial.root, RUNS), trial.seed)) {
    const run = await readShorter(trial, path);
    if (run) found.push(run);
  }
  return found.sort(({ progress: a }, { progress: b }) => b.epoch - a.epoch || b.batch - a.batch);
}

/** Lists the folders of a seed's runs, quick ones and those that were put aside among them. */
function* foldersBelow(folder: string, seed: number): Generator<string> {
  for (const { name, isDirectory } of entriesOf(folder)) {
    const path = join(folder, name);
    // Leases and caches come and go, and hold no runs.
    if (!isDirectory || /^\.|^seed-\d.*\.claim/.test(name)) continue;
    if (!existsSync(join(path, "declaration.json"))) yield* foldersBelow(path, seed);
    else if (new RegExp(`^seed-${seed}(?!\\d)`).test(name)) yield path;
  }
}

const readManifest = looseObject({
  experiment: text,
  hash: text,
  quick: nullable(text),
  declaration: looseObject({
    schedule: looseObject({ options: looseObject({ epochs: count }) }),
  }),
});

/** Reads the run in a folder. `undefined` if it is no shorter run of the trial, or is damaged. */
async function readShorter(
  { experiment, root, seed, settings }: LongerTrial,
  path: string,
): Promise<ShorterRun | undefined> {
  try {
    const own = scheduleOf(experiment, settings);
    const manifest = readAs(
      JSON.parse(await Deno.readTextFile(join(path, "declaration.json"))),
      readManifest,
      (problem) => new SyntaxError(problem),
    );
    const { quick, hash, declaration: { schedule: { options: { epochs } } } } = manifest;
    const old = /\.old-(\d+)$/.exec(path)?.[1];
    const folder = new RunFolder(
      root,
      manifest.experiment,
      seed,
      quick ?? undefined,
      old === undefined ? undefined : Number(old),
    );
    const { limit, ...length } = quickSettings(quick ?? undefined);
    const declared = epochs === experiment.schedule.epochs
      ? experiment.schedule
      : experiment.schedule.lasting?.(epochs);
    if (!declared || folder.path !== path || limit !== settings.limit) return undefined;
    const other = { ...experiment, schedule: declared };
    const schedule = scheduleOf(other, length);
    if (schedule.epochs >= own.epochs || await declarationHash(other) !== hash) return undefined;
    const latest = await folder.latest();
    return latest?.progress.declaration === hash ? { ...latest, folder, schedule } : undefined;
  } catch (error) {
    // A run that is damaged, or that another process has just put aside, is none to go on from.
    const expected = [Failure, SyntaxError, Deno.errors.NotFound];
    if (expected.some((kind) => error instanceof kind)) return undefined;
    throw error;
  }
}

/** Says why a trial cannot go on from a run. `undefined` if it can. */
async function obstacle(
  trial: LongerTrial,
  { folder, schedule, progress }: ShorterRun,
  { train, fingerprint, precision, backend }: Prepared,
  present: RunOrigin,
): Promise<string | undefined> {
  const { experiment, settings, keep } = trial;
  const { workers: { share: { workers } } = SOLE_WORKER } = settings;
  const syncNorm = workers > 1 && settings.syncNorm === true;
  const { origin, readsLength } = progress;
  if (progress.precision !== precision || progress.backend !== backend) {
    return `it is a run with --precision ${progress.precision} --backend ${progress.backend}`;
  }
  if ((progress.workers ?? 1) !== workers || (progress.syncNorm ?? false) !== syncNorm) {
    return "other workers share its batches";
  }
  if (!origin || readsLength === undefined) {
    return "an earlier version trained some of it, or its code or its teachers changed meanwhile";
  }
  if (readsLength) return `${experiment.distiller.id} reads the number of epochs or steps`;
  if (present.deterministic && !origin.deterministic) return "it is not --deterministic";
  const modules = changedCode(origin.functions, present.functions);
  if (modules.length > 0) return `code has changed since: ${modules.join(", ")}`;
  if (canonical(origin.weights) !== canonical(present.weights)) {
    return "its teachers or first stages have other weights";
  }
  for (const part of ["tensorflow", "retort"] as const) {
    if (origin[part] !== present[part]) return `it was trained with ${part} ${origin[part]}`;
  }
  const own = scheduleOf(experiment, settings);
  const epochs = progress.epoch + (progress.batch > 0 ? 1 : 0);
  const schedules = [schedule, own];
  const lengths = schedules.map((one) => runLength(epochSize(train), one, settings.limit));
  const [its, whole] = lengths.map((length) => stepsInEpoch(length, progress.epoch));
  if (its < whole) return `its epoch ${progress.epoch} has ${its} steps, and would have ${whole}`;
  const other = otherRate(schedules, lengths, epochs);
  if (other !== undefined) return other;
  const past = keep.filter((epoch) => typeof epoch === "number" && epoch < epochs);
  const needed: Epoch[] = progress.best ? ["best", ...past] : past;
  const kinds = experiment.schedule.ema === undefined
    ? [undefined]
    : [undefined, "average"] as const;
  const gone = needed.find((epoch) =>
    kinds.some((kind) => !existsSync(folder.weights(epoch, kind)))
  );
  if (gone !== undefined) return `it has not kept the weights of epoch ${gone}, which are needed`;
  const facts = await folder.data();
  if (!facts) return "it does not know what it learned from";
  const changes = await fingerprint.changes(facts);
  return changes.length > 0 ? `it learned from other data: ${changes.join("; ")}` : undefined;
}

/** Says where in so many epochs the learning rates of two runs of these lengths differ first. */
function otherRate(
  schedules: readonly Schedule[],
  lengths: readonly RunLength[],
  epochs: number,
): string | undefined {
  const [{ steps }] = lengths;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (let step = 0; step < steps; step++) {
      const [its, own] = schedules.map(({ rate }, i) => rate(epoch, step, lengths[i]));
      if (its === own) continue;
      const [itsText, ownText] = [its, own].map((rate) => +rate.toPrecision(6));
      return `its learning rate in epoch ${epoch} is ${itsText}, and would be ${ownText}`;
    }
  }
}
