import { type EngineOptions, openEngine } from "../../lib/engine/open_engine.ts";
import { experimentStep } from "../support/experiment_step.ts";
import { kdOn } from "./pair.ts";

/** Measures the growth of this process in MB over `steps` steps of a pair, after `warm` ones. */
export async function memoryGrowth(
  { pair, batch, warm, steps }: { pair: string; batch: number; warm: number; steps: number },
  options: EngineOptions,
): Promise<number> {
  const { engine } = await openEngine(options);
  try {
    const { step } = await experimentStep(engine, [kdOn(pair)], batch);
    for (let i = 0; i < warm; i++) await step();
    const before = megabytes();
    for (let i = 0; i < steps; i++) await step();
    return megabytes() - before;
  } finally {
    engine.close();
  }
}

/** Measures this process in MB after a step of a pair, and again after its engine is closed. */
export async function memoryLeft(
  { pair, batch }: { pair: string; batch: number },
  options: EngineOptions,
): Promise<[held: number, left: number]> {
  const { engine } = await openEngine(options);
  let held: number;
  try {
    const { step } = await experimentStep(engine, [kdOn(pair)], batch);
    await step();
    held = megabytes();
  } finally {
    engine.close();
  }
  return [held, megabytes()];
}

function megabytes(): number {
  return Deno.memoryUsage().rss / 2 ** 20;
}
