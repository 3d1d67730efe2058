import { memoryGrowth } from "../bench/memory.ts";
import type { Outcome } from "./campaign.ts";

/** The most that memory may grow, in megabytes. */
const MOST = 20;

/** Takes many steps of a small pair. Memory stays as it is. */
export async function endurance(steps: number): Promise<Outcome> {
  const pair = "resnet20-resnet8";
  const growth = await memoryGrowth({ pair, batch: 2, warm: 1000, steps }, {});
  const faults = growth > MOST ? [`memory grew by ${growth.toFixed(0)} MB`] : [];
  const title = `${steps.toLocaleString("en")} steps, memory grown by ${
    Math.max(0, Math.round(growth))
  } MB`;
  return { title, tried: 1, survived: 1 - faults.length, faults };
}
