/**
 * `deno task export <module>[#name] --format …`: takes a trained student out of Retort.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { checkReplaceable, writeExport } from "../export/folder.ts";
import type { Format } from "../export/format.ts";
import { graphModel } from "../export/graph_model.ts";
import type { ExportedModel } from "../export/model.ts";
import { type CardFacts, modelCard } from "../export/model_card.ts";
import { preprocessing } from "../export/preprocessing.ts";
import { safetensors } from "../export/safetensors.ts";
import { savedModel } from "../export/saved_model.ts";
import { dataFolder } from "../files/data_folder.ts";
import { description } from "../nn/description.ts";
import { type Loaded, loadExperiments, projectRoot } from "../project/identify.ts";
import { readOutcome } from "../project/outcome.ts";
import { commit, versions } from "../project/versions.ts";
import { readTrainedStudent, type TrainedStudent } from "../run/trained.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { Failure } from "../values/failure.ts";
import { importWeights } from "../weights/import_weights.ts";

const FORMATS = { safetensors, savedmodel: savedModel, tfjs: graphModel } as const satisfies Record<
  string,
  Format
>;

const FLAGS = {
  "format": {
    type: "string",
    choices: ["safetensors", "savedmodel", "tfjs"],
    help: "what it is taken out as",
  },
  "seed": { type: "integer", least: 0, help: "which trial; 1" },
  "epoch": { type: "string", choices: ["last", "best"], help: "which of its weights; last" },
  "out": {
    type: "string",
    help: "the folder to write; exports/<experiment>/<format> in the project",
  },
  "data": { type: "string", help: "the folder of the data sets; $RETORT_DATA or ./data" },
} as const satisfies Spec;

/**
 * Writes a trained student in a format of other tools, with its preprocessing and a model card,
 * into a folder that it prints. Rejects with a `Failure`: exit 2 for wrong usage or a folder that
 * is somebody else's, 3 where the student is not trained or its data set is missing.
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
  const { id, experiment } = await one(options._);
  const project = projectRoot(experiment.url);
  const folder = options.out ? resolve(options.out) : join(project, "exports", id, name);
  await checkReplaceable(folder);
  const student = await readTrainedStudent(experiment, seed, epoch);
  const facts = {
    ...await described(student, epoch, dataFolder(options.data)),
    format: FORMATS[name],
    student,
    epoch,
  };
  const card: CardFacts = {
    ...facts,
    outcome: await readOutcome(experiment, project),
    versions: versions(null),
    commit: await commit(project),
  };
  const files = new Map(await facts.format.files(facts.model));
  files.set(
    "preprocessing.json",
    `${JSON.stringify(preprocessing(facts.model, facts.format), null, 2)}\n`,
  );
  files.set("README.md", modelCard(card));
  await writeExport(folder, { format: name, ...facts.model.origin }, files);
  print(`${folder}: ${[...files.keys()].join(", ")}`);
}

/** The one experiment that the arguments name. */
async function one([spec, another]: readonly string[]): Promise<Loaded> {
  if (spec === undefined) {
    throw new Failure(2, "which experiment? deno task export experiments/quickstart.ts#kd");
  }
  if (another !== undefined) throw new Failure(2, `one at a time: deno task export ${spec}`);
  const [first, ...others] = await loadExperiments(spec);
  if (others.length === 0) return first;
  throw new Failure(
    2,
    `${spec} is several experiments: name one, ${
      [first, ...others].map(({ id }) => id).join(" or ")
    }`,
  );
}

/** A trained student with what its data set says of images and classes. */
async function described(
  { experiment: { student: network, dataset }, id, seed, path, sha256, tensors, trial }:
    TrainedStudent,
  epoch: string,
  data: string,
): Promise<Pick<CardFacts, "model" | "parameters" | "multiplyAdds" | "tested">> {
  const opened = await dataset.open(data, console.error);
  const { classes, image, test } = opened;
  opened.close();
  const file = { path, format: "safetensors", tensors, facts: {}, sha256 } as const;
  const origin = {
    experiment: id,
    seed: String(seed),
    epoch,
    sha256,
    declaration: trial.declaration,
  };
  const model: ExportedModel = {
    network,
    image,
    classes,
    normalisation: dataset.normalisation,
    resize: dataset.resize,
    tensors: importWeights(network, image, classes.length, file),
    origin: { ...origin, ...(trial.commit ? { commit: trial.commit } : {}) },
  };
  const { parameters, multiplyAdds } = description(network, image, classes.length);
  return { model, parameters, multiplyAdds, tested: test.size };
}

if (import.meta.main) await runCommand(() => runExport(Deno.args));
