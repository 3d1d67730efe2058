import type { Toys } from "./toy_runs.ts";
import { writeRun } from "./write_run.ts";

/** Writes a run whose log has these tags. Default of `seed`: 1, of `epochs`: 3. */
export async function writeLog(
  toys: Toys,
  name: string,
  tags: Readonly<Record<string, (epoch: number) => number>>,
  { seed = 1, epochs = 3 }: { readonly seed?: number; readonly epochs?: number } = {},
): Promise<void> {
  await writeRun(toys, name, seed, ["last"]);
  const entries = Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    ...Object.fromEntries(Object.entries(tags).map(([tag, value]) => [tag, value(i + 1)])),
  }));
  const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  await Deno.writeTextFile(toys.of(name, seed, "metrics.jsonl"), text);
}
