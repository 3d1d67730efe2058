import { loadCheckpoint } from "../../lib/weights/checkpoint.ts";
import { readResult } from "../../lib/project/result.ts";
import type { Toys } from "./toy_runs.ts";

/** Everything that a trial leaves except for times. */
export async function remains(toys: Toys, name: string, seed: number) {
  const { trials } = (await readResult(toys.path(`toy/${name}.json`), `toy#${name}`))!;
  const recorded = trials.filter((trial) => trial.seed === seed).map((
    { seconds: _, stepSeconds: __, ...trial },
  ) => trial);
  const { tensors } = await loadCheckpoint(toys.of(name, seed, "latest.safetensors"));
  const [best, last] = await Promise.all(
    ["best", "last"].map((file) => Deno.readFile(toys.of(name, seed, `${file}.safetensors`))),
  );
  const log = (await toys.log(name, seed)).map((line) =>
    Object.fromEntries(Object.entries(line).filter(([tag]) => !tag.startsWith("perf/")))
  );
  return { recorded, tensors, best, last, log };
}

/** The files below a folder of the project, without the times and numbers in event files' names. */
export function filesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory
      ? filesIn(path).map((file) => `${name}/${file}`)
      : name.replace(/^events\..*/, "events");
  }).sort();
}
