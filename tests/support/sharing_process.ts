/**
 * A process that shares 40 pretended trials with others, in the folder that its argument names. The
 * log of a trial is all that it has saved: a line for each step. Prints the number of a trial when
 * it goes on with one.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Leases } from "../../lib/files/lease.ts";
import { recordTrial } from "../../lib/project/result.ts";
import { tryClaim } from "../../lib/run/claim.ts";
import { shareTrials } from "../../lib/run/share_trials.ts";
import { trial } from "./trial.ts";

/** The number of pretended trials. */
export const TRIALS = 40;
/** The lines in the log of a trial that is done. */
export const STEPS = 4;

/**
 * The trials that a trial builds on: the first two are teachers, the third one is an assistant of
 * both, and each other one has one of these three.
 */
export function foundationsOf(number: number): readonly number[] {
  return number < 2 ? [] : number === 2 ? [0, 1] : [number % 3];
}

/** The lines in a trial's log. */
export async function readLog(folder: string, number: number): Promise<string[]> {
  const log = await Deno.readTextFile(join(folder, `${number}.log`)).catch(() => "");
  return log.split("\n").filter((line) => line !== "");
}

/** Takes trials until nothing is left to take. */
async function work(folder: string): Promise<void> {
  const leases = new Leases();
  const isDone = async (number: number) => (await readLog(folder, number)).length === STEPS;
  const shared = shareTrials(Array.from({ length: TRIALS }, (_, number) => number), {
    foundations: foundationsOf,
    claim: (number) =>
      Promise.resolve(tryClaim({ path: join(folder, "runs", `${number}`) }, `${number}`, leases)),
    isDone,
    wait: () => pause(50),
  });
  for await (const [{ trial: number, claim }] of shared) {
    claim.settle();
    console.log(number);
    for (const foundation of foundationsOf(number)) {
      if (!await isDone(foundation)) throw new Error(`${number} began before ${foundation}`);
    }
    for (let step = (await readLog(folder, number)).length + 1; step <= STEPS; step++) {
      await pause(50);
      claim.check();
      if (step === STEPS) await recordTrial(join(folder, "a.json"), "a", trial(number, number));
      const line = `${step} of ${Deno.pid}\n`;
      await Deno.writeTextFile(join(folder, `${number}.log`), line, { append: true });
    }
  }
}

if (import.meta.main) await work(Deno.args[0]);
