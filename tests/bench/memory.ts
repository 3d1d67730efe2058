import { type EngineOptions, openEngine } from "../../lib/open_engine.ts";
import { experimentStep } from "../experiment_step.ts";
import { kdOn } from "./pair.ts";

/** How much this process grows, in MB, over `steps` steps of a pair that follow `warm` ones. */
export async function memoryGrowth(
  { pair, batch, warm, steps }: { pair: string; batch: number; warm: number; steps: number },
  options: EngineOptions,
): Promise<number> {
  const { engine } = await openEngine(options);
  try {
    const { step } = await experimentStep(engine, kdOn(pair), batch);
    for (let i = 0; i < warm; i++) await step();
    const before = Deno.memoryUsage().rss;
    for (let i = 0; i < steps; i++) await step();
    return (Deno.memoryUsage().rss - before) / 2 ** 20;
  } finally {
    engine.close();
  }
}
