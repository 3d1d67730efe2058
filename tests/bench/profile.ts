import { GraphEngine } from "../../lib/engine/graph_engine.ts";
import { formatTable } from "../../lib/values/markdown.ts";
import { openEngine } from "../../lib/engine/open_engine.ts";
import { experimentStep } from "../support/experiment_step.ts";
import { batchOf, type Case, experimentsOf } from "./case.ts";
import { byOp, type OpTime, spans } from "./timeline.ts";

/** Steps that TensorFlow records. The first ones are slow. The best one counts. */
const STEPS = 10;

/** Measures the time of each kind of op in the step whose ops took the least time in all. */
export async function profile(what: Case, threads?: number): Promise<OpTime[]> {
  (await openEngine({ threads })).engine.close();
  const runs: Uint8Array[] = [];
  const engine = new GraphEngine(
    { threads, bfloat16: what.precision === "bfloat16" },
    (metadata) => runs.push(metadata),
  );
  try {
    const { step } = await experimentStep(engine, experimentsOf(what), batchOf(what));
    // The engine's assignment of the variables was a run too.
    runs.length = 0;
    for (let i = 0; i < STEPS; i++) await step();
  } finally {
    engine.close();
  }
  const steps = runs.map((run) => byOp(spans(run)));
  return steps.reduce((best, step) => total(step) < total(best) ? step : best);
}

/** Formats a profile as a table. */
export function profileTable(ops: readonly OpTime[]): string {
  const rows = ops.map(({ op, ms, count }) => [op, ms.toFixed(2), String(count)]);
  return formatTable(["op", "ms", "count"], [...rows, ["in all", total(ops).toFixed(2), ""]]);
}

function total(ops: readonly OpTime[]): number {
  return ops.reduce((sum, { ms }) => sum + ms, 0);
}
