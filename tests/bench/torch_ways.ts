import type { Compared } from "./case.ts";
import type { OurStepTime } from "./step.ts";

/** How PyTorch runs a step, in the names of `torch_ways.py`. */
export interface Way {
  readonly mode: "eager" | "compiled" | "autotuned";
  readonly layout: "channels_last" | "contiguous";
}

/** The measurement of a way, or why there is none. */
export type WayTime = OurStepTime | { readonly failed: string };

/** Times PyTorch's step in a new process. Default of `steps`: those of our rounds. */
export type TimeWay<C extends Compared = Compared> = (
  what: C,
  way: Way,
  steps?: number,
) => Promise<WayTime>;

/** The ways that are worth a measurement in every round. */
export interface Scouted {
  /** The fastest ways, at most two. */
  readonly ways: readonly Way[];
  /**
   * Seconds from the start of the process to the end of the first step of the faster compiled way,
   * compilation included. `null` if none compiles. Later processes find their compilation done.
   */
  readonly compiledFirst: number | null;
  /** The ways that failed, each with the reason. */
  readonly failures: readonly string[];
}

/** Steps of the short round that picks the ways. */
const SCOUTED = 3;

/** Ways that are measured in every round. */
const KEPT = 2;

/**
 * Picks PyTorch's fastest ways in a short round: op by op in both memory layouts, then compiled in
 * both of its modes in the faster layout, because the compiler chooses layouts inside by itself. A
 * detector is not compiled: torchvision's choose by values how many regions there are.
 */
export async function scoutWays<C extends Compared>(what: C, time: TimeWay<C>): Promise<Scouted> {
  const failures: string[] = [];
  const measure = async (ways: readonly Way[]) => {
    const measured: { way: Way; time: OurStepTime }[] = [];
    for (const way of ways) {
      const found = await time(what, way, SCOUTED);
      if ("failed" in found) failures.push(`${nameOf(way)}: ${found.failed}`);
      else measured.push({ way, time: found });
    }
    return measured.sort((a, b) => a.time.min_ms - b.time.min_ms);
  };
  const eager = await measure([
    { mode: "eager", layout: "channels_last" },
    { mode: "eager", layout: "contiguous" },
  ]);
  const layout = eager[0]?.way.layout ?? "channels_last";
  const compiled = await measure(
    "detector" in what ? [] : [{ mode: "compiled", layout }, { mode: "autotuned", layout }],
  );
  const best = [...eager, ...compiled].sort((a, b) => a.time.min_ms - b.time.min_ms).slice(0, KEPT);
  const compiledFirst = compiled.length > 0 ? compiled[0].time.first_ms / 1000 : null;
  return { ways: best.map(({ way }) => way), compiledFirst, failures };
}

/** Names a way, as a table shows it. */
export function nameOf({ mode, layout }: Way): string {
  return `${mode} ${layout}`;
}
