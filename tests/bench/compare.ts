import { formatTable } from "../../lib/values/markdown.ts";
import type { Compared, DetectorCase, MethodCase, PairCase } from "./case.ts";
import type { OurStepTime, StepTime } from "./step.ts";

/** The times of our step and of PyTorch's. */
export interface Comparison {
  /** Our fastest step in milliseconds. */
  readonly ms: number;
  /** PyTorch's fastest step in milliseconds, or `null` without PyTorch. */
  readonly torch_ms: number | null;
  /** Our time divided by PyTorch's, or `null` without PyTorch. */
  readonly ratio: number | null;
}

/** A comparison with the time of our first step. */
export interface Timed extends Comparison {
  /** Seconds from the start of the process to the end of the first step, in the best round. */
  readonly first: number;
}

/**
 * Measures a case in new processes, ours and PyTorch's in turn. Takes the best of all rounds of
 * each.
 */
export async function compare<C extends Compared>(
  what: C,
  rounds: number,
  ours: (what: C) => Promise<OurStepTime>,
  torch: ((what: C) => Promise<StepTime>) | undefined,
): Promise<C & Timed> {
  const own: OurStepTime[] = [];
  const theirs: StepTime[] = [];
  for (let round = 0; round < rounds; round++) {
    own.push(await ours(what));
    if (torch) theirs.push(await torch(what));
  }
  const least = (times: readonly number[]) => Math.min(...times);
  const ms = least(own.map(({ min_ms }) => min_ms));
  const torch_ms = torch ? least(theirs.map(({ min_ms }) => min_ms)) : null;
  const ratio = torch_ms === null ? null : +(ms / torch_ms).toFixed(3);
  return { ...what, ms, torch_ms, ratio, first: least(own.map(({ first_ms }) => first_ms)) / 1000 };
}

/** Gives the comparisons that `--json` prints. */
export function comparisons<C extends Compared>(
  timed: readonly (C & Timed)[],
): Omit<C & Timed, "first">[] {
  return timed.map(({ first: _, ...comparison }) => comparison);
}

/** Formats the comparisons of pairs as a table. */
export function pairTable(timed: readonly (PairCase & Timed)[]): string {
  return formatTable(
    ["pair", "precision", "ours ms", "PyTorch ms", "ratio", "first step s"],
    timed.map((one) => [one.pair, one.precision, ...formatNumbers(one), one.first.toFixed(1)]),
  );
}

/** Formats the comparisons of detectors as a table. */
export function detectorTable(timed: readonly (DetectorCase & Timed)[]): string {
  return formatTable(
    ["detector", "precision", "ours ms", "torchvision ms", "ratio", "first step s"],
    timed.map((one) => [one.detector, one.precision, ...formatNumbers(one), one.first.toFixed(1)]),
  );
}

/** Formats the most memory of steps of detectors as a table. */
export function memoryTable(steps: readonly (DetectorCase & OurStepTime)[]): string {
  return formatTable(
    ["detector", "images", "a step s", "memory GB"],
    steps.map(({ detector, batch, min_ms, peak_mb }) => [
      detector,
      `${batch}`,
      (min_ms / 1000).toFixed(1),
      peak_mb ? (peak_mb / 1000).toFixed(1) : "",
    ]),
  );
}

/** Formats the comparisons of methods as a table. */
export function methodTable(timed: readonly (MethodCase & Timed)[]): string {
  return formatTable(
    ["method", "ours ms", "PyTorch ms", "ratio"],
    timed.map((one) => [one.method, ...formatNumbers(one)]),
  );
}

function formatNumbers({ ms, torch_ms, ratio }: Comparison): string[] {
  return [ms.toFixed(1), torch_ms?.toFixed(1) ?? "", ratio?.toFixed(3) ?? ""];
}
