/**
 * `deno task export <module>[#name] --format …`: writes a trained student for other tools.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { readCardFacts } from "../export/card_facts.ts";
import type { Format } from "../export/format.ts";
import { graphModel } from "../export/graph_model.ts";
import { modelCard } from "../export/model_card.ts";
import { preprocessing } from "../export/preprocessing.ts";
import { safetensors } from "../export/safetensors.ts";
import { savedModel } from "../export/saved_model.ts";
import { findDataFolder } from "../files/data_folder.ts";
import { checkReplaceable, writeRecorded } from "../files/recorded_folder.ts";
import { userPath } from "../files/user_path.ts";
import { type Loaded, loadExperiment, projectRoot } from "../project/identify.ts";
import { readTrainedStudent } from "../run/trained.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, onlyArgument, parseFlags, type Spec } from "../terminal/flags.ts";
import { Failure } from "../values/failure.ts";
import { ENGINE_FLAGS } from "./engine_flags.ts";
import { STUDENT_FLAGS } from "./student_flags.ts";

const FORMATS = { safetensors, savedmodel: savedModel, tfjs: graphModel } as const satisfies Record<
  string,
  Format
>;

const FLAGS = {
  "format": {
    type: "string",
    choices: ["safetensors", "savedmodel", "tfjs"],
    help: "file format (required)",
  },
  ...STUDENT_FLAGS,
  "out": {
    type: "string",
    help: "folder to write. Default: exports/<experiment>/<format> in the project",
  },
  "data": ENGINE_FLAGS.data,
} as const satisfies Spec;

/**
 * Writes a trained student in a format of other tools, with its preprocessing and a model card,
 * into a folder whose path it prints. Rejects with a `Failure`: exit 2 if the usage is wrong or the
 * folder holds other files, exit 3 if the student is not trained or its data set has changed since.
 */
export async function runExport(
  args: readonly string[],
  print: (line: string) => void = console.log,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  const { format: name, seed = 1, epoch = "last" } = options;
  if (options.help) {
    return print(helpText("deno task export <module>[#name] --format <format>", FLAGS));
  }
  if (!name) throw new Failure(2, `which format? --format ${Object.keys(FORMATS).join(" or ")}`);
  const { id, experiment } = await loadOne(options._);
  const project = projectRoot(experiment.url);
  const folder = options.out ? resolve(userPath(options.out)) : join(project, "exports", id, name);
  await checkReplaceable("export", folder);
  const student = await readTrainedStudent(experiment, seed, epoch, options);
  const format = FORMATS[name];
  const facts = await readCardFacts(
    student,
    epoch,
    format,
    findDataFolder(options.data),
    console.error,
  );
  const files = new Map(await format.files(facts.model));
  files.set(
    "preprocessing.json",
    `${JSON.stringify(preprocessing(facts.model, format), null, 2)}\n`,
  );
  files.set("README.md", modelCard(facts));
  await writeRecorded("export", folder, { format: name, ...facts.model.origin }, files);
  print(`${folder}: ${[...files.keys()].join(", ")}`);
}

/** Loads the one experiment that the arguments name. */
async function loadOne(positional: readonly string[]): Promise<Loaded> {
  const spec = onlyArgument("deno task export", positional);
  if (spec === undefined) {
    throw new Failure(2, "which experiment? deno task export experiments/quickstart.ts#kd");
  }
  return await loadExperiment(spec);
}

if (import.meta.main) await runCommand(() => runExport(Deno.args));
