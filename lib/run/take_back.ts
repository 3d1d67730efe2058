import { existsSync } from "node:fs";
import { Leases } from "../files/lease.ts";
import type { Epoch } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { Claim, tryClaim } from "./claim.ts";
import { isSameTrial, listFoundations, type RequestedTrial } from "./queue.ts";
import { type Resolved, resolveRun, type RunState, runState, titleOf } from "./resolve.ts";
import type { RunFolder } from "./run_folder.ts";
import { neededEpoch, type Settings } from "./settings.ts";

/**
 * Takes back runs that were put aside. For each of these trials, their teachers and first stages
 * whose run is missing or stale, takes the latest run that follows the present declaration, a
 * finished one before one that was begun. Puts aside the run in its place. Leaves out trials that
 * are to be trained anew, and those that another process holds.
 */
export async function takeBack(
  asked: readonly RequestedTrial[],
  settings: Settings,
): Promise<void> {
  const seen: RequestedTrial[] = [];
  const visit = async (trial: RequestedTrial, keep: readonly Epoch[], fresh: boolean) => {
    if (seen.some((one) => isSameTrial(one, trial))) return;
    seen.push(trial);
    const { experiment, seed } = trial;
    const own = { ...settings, fresh };
    const look = () => resolveRun(experiment, seed, own, keep);
    const run = await look();
    if (run.state === "done" || await takeBackRun(run, look, keep, own) === "done") return;
    for (const { trained } of listFoundations(experiment)) {
      await visit(trained, [neededEpoch(trained, settings)], settings.fresh && isAsked(trained));
    }
  };
  const isAsked = (trial: RequestedTrial) => asked.some((one) => isSameTrial(one, trial));
  for (const trial of asked) await visit(trial, [], settings.fresh);
}

/** Takes a run back if there is one, and returns the state of the trial's run then. */
async function takeBackRun(
  seen: Resolved,
  look: () => Promise<Resolved>,
  keep: readonly Epoch[],
  settings: Settings,
): Promise<RunState> {
  if (!await findAside(seen, keep, settings)) return seen.state;
  const claim = tryClaim(seen.folder, titleOf(seen), new Leases());
  if (!(claim instanceof Claim)) return seen.state;
  using _ = claim;
  // Before this process had the claim, another one may have taken the run back, or trained it.
  const run = await look();
  const found = await findAside(run, keep, settings);
  if (!found) return run.state;
  const { folder } = run;
  const former = await folder.putAside();
  await folder.takeBack(found.aside);
  const kept = former ? `; the one in its place is kept in ${former}` : "";
  settings.status.line(
    `${
      titleOf(run)
    }: the run in ${found.aside.path} follows this declaration and is taken back${kept}`,
  );
  return found.state;
}

/** Finds the run to take back. `undefined` also if the one in its place is to stay. */
export async function findAside(
  { folder, experiment, declaration, state }: Resolved,
  keep: readonly Epoch[],
  settings: Settings,
): Promise<{ readonly aside: RunFolder; readonly state: "done" | "begun" } | undefined> {
  // A run that has begun anew, even if it has saved nothing yet, is wanted in place of the old one.
  const isFree = state === "missing" && !existsSync(folder.path);
  if (!isFree && state !== "stale") return undefined;
  const asides = await folder.asides();
  const states = await Promise.all(
    asides.map((aside) =>
      runState(aside, experiment, declaration, settings, keep).catch((error) => {
        // A run that is damaged is none to go on with; it stays where it is.
        if (error instanceof Failure) return undefined;
        throw error;
      })
    ),
  );
  for (const state of ["done", "begun"] as const) {
    const i = states.indexOf(state);
    if (i >= 0) return { aside: asides[i], state };
  }
}
