import { formatTable } from "../../lib/values/markdown.ts";
import type { Compared, DetectorCase } from "./case.ts";
import type { OurStepTime } from "./step.ts";
import { nameOf, scoutWays, type TimeWay, type Way } from "./torch_ways.ts";

/** The times of our step and of PyTorch's in the fastest of its ways. */
export interface Comparison {
  /** Our fastest step in milliseconds. */
  readonly ms: number;
  /** PyTorch's fastest step in milliseconds, or `null` without PyTorch. */
  readonly torch_ms: number | null;
  /** Our time divided by PyTorch's, or `null` without PyTorch. */
  readonly ratio: number | null;
  /** The same ratio of the least medians of all rounds. */
  readonly median_ratio: number | null;
  /** PyTorch's way of that fastest step, or `null` without PyTorch. */
  readonly way: string | null;
  /** The ways of PyTorch that failed, each with the reason. */
  readonly failures: readonly string[];
  /** Seconds from the start of our process to the end of its first step, in the best round. */
  readonly first: number;
  /** The same of PyTorch's faster compiled way, compilation included, or `null` if none compiles. */
  readonly compiled_first: number | null;
}

/** A case with the comparison of its times. */
export type Timed<C extends Compared> = C & Comparison;

/**
 * Measures a case in new processes: PyTorch's ways in a short round, then ours and PyTorch's fastest
 * ways by turns. Takes the best of all rounds of each. A way that fails counts no more.
 */
export async function compare<C extends Compared>(
  what: C,
  rounds: number,
  ours: (what: C) => Promise<OurStepTime>,
  torch: TimeWay<C> | undefined,
): Promise<Timed<C>> {
  const scouted = torch && await scoutWays(what, torch);
  const failures = [...scouted?.failures ?? []];
  const own: OurStepTime[] = [];
  const theirs = new Map<Way, OurStepTime[]>(scouted?.ways.map((way) => [way, []]));
  for (let round = 0; round < rounds; round++) {
    own.push(await ours(what));
    if (!torch) continue;
    for (const [way, times] of theirs) {
      const time = await torch(what, way);
      if ("failed" in time) {
        failures.push(`${nameOf(way)}: ${time.failed}`);
        theirs.delete(way);
      } else times.push(time);
    }
  }
  const ms = least(own, "min_ms");
  const all = [...theirs.values()].flat();
  const torch_ms = all.length > 0 ? least(all, "min_ms") : null;
  const ratio = (of: "min_ms" | "median_ms") =>
    all.length > 0 ? +(least(own, of) / least(all, of)).toFixed(3) : null;
  const winner = [...theirs].find(([, times]) => times.some(({ min_ms }) => min_ms === torch_ms));
  return {
    ...what,
    ms,
    torch_ms,
    ratio: ratio("min_ms"),
    median_ratio: ratio("median_ms"),
    way: winner ? nameOf(winner[0]) : null,
    failures,
    first: least(own, "first_ms") / 1000,
    compiled_first: scouted?.compiledFirst ?? null,
  };
}

/** Formats comparisons as a table. */
export function comparisonTable(timed: readonly Timed<Compared>[]): string {
  return formatTable(
    [
      "step",
      "precision",
      "ours ms",
      "PyTorch ms",
      "its best way",
      "ratio",
      "ratio of medians",
      "first step s",
      "compiled one's s",
      "failed",
    ],
    timed.map((one) => [
      stepOf(one),
      one.precision,
      one.ms.toFixed(1),
      one.torch_ms?.toFixed(1) ?? "",
      one.way ?? "",
      one.ratio?.toFixed(3) ?? "",
      one.median_ratio?.toFixed(3) ?? "",
      one.first.toFixed(1),
      one.compiled_first?.toFixed(1) ?? "",
      // A bar would end the cell.
      one.failures.join("; ").replaceAll("|", "/"),
    ]),
  );
}

function stepOf(what: Compared): string {
  if ("pair" in what) return what.pair;
  if ("method" in what) return what.method;
  return "vit" in what ? what.vit : what.detector;
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

function least(times: readonly OurStepTime[], of: "min_ms" | "median_ms" | "first_ms"): number {
  return Math.min(...times.map((time) => time[of]));
}
