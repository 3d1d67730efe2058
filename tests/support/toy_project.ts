import { assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { declarationHash } from "../../lib/experiment/declaration.ts";
import { identify, loadExperiments } from "../../lib/project/identify.ts";
import { recordTrial, resultPath, type Trial } from "../../lib/project/result.ts";
import { inTemporary } from "./temporary.ts";

const lib = (name: string): string => new URL(`../../lib/${name}`, import.meta.url).href;

/** The imports of a module of a toy project, and a data set and a schedule. */
export const IMPORTS = `import { experiment, from } from "${lib("experiment/experiment.ts")}";
import { kd } from "${lib("distillers/kd.ts")}";
import { scratch } from "${lib("distillers/scratch.ts")}";
import { resnet8, resnet20 } from "${lib("networks/resnet.ts")}";
import { sgd } from "${lib("optimizers/sgd.ts")}";
import { tables } from "${lib("experiment/tables.ts")}";
import { classification } from "${lib("tasks/classification.ts")}";
const dataset = { id: "toy", options: { take: undefined, flip: true }, task: classification, holdout: 0,
  augmentation: { crop: 0, flip: true }, normalisation: { mean: [0], std: [1] }, open: () => Promise.reject(new Error("opened")) };
const schedule = sgd({ epochs: 2, batch: 4, lr: 0.1, drops: { at: [1], by: 0.1 } });
`;

/** Skips the type check of a toy project, which would take seconds. */
export const skipTypeCheck = (): Promise<void> => Promise.resolve();

/** Records a trial of a toy project's experiment as the runner does. */
export async function recordToyTrial(folder: string, spec: string, made: Trial): Promise<void> {
  const [{ id, experiment }] = await loadExperiments(join(folder, spec));
  assertEquals((await identify(experiment)).id, id);
  await recordTrial(resultPath(folder, id), id, {
    ...made,
    declaration: await declarationHash(experiment),
  });
}

/** Makes a folder with a `deno.json` and these files, and removes it after `use`. */
export async function project(
  files: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  await inTemporary(async (folder) => {
    for (const [name, text] of Object.entries({ "deno.json": "{}", ...files })) {
      await Deno.mkdir(dirname(join(folder, name)), { recursive: true });
      await Deno.writeTextFile(join(folder, name), text);
    }
    await use(folder);
  });
}
