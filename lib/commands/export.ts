/**
 * `deno task export <module>[#name] --format …`: writes a trained student for other tools.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { AbsentDataset, type OpenDataset } from "../data/dataset.ts";
import { Fingerprint } from "../data/fingerprint.ts";
import type { Format } from "../export/format.ts";
import { graphModel } from "../export/graph_model.ts";
import type { ExportedModel } from "../export/model.ts";
import { type CardFacts, modelCard } from "../export/model_card.ts";
import { preprocessing } from "../export/preprocessing.ts";
import { safetensors } from "../export/safetensors.ts";
import { savedModel } from "../export/saved_model.ts";
import { findDataFolder } from "../files/data_folder.ts";
import { checkReplaceable, writeRecorded } from "../files/recorded_folder.ts";
import { userPath } from "../files/user_path.ts";
import { description } from "../nn/description.ts";
import { type Loaded, loadExperiment, projectRoot } from "../project/identify.ts";
import { averageMetric } from "../project/metric.ts";
import { readOutcome } from "../project/outcome.ts";
import type { Trial } from "../project/result.ts";
import { commit, versions } from "../project/versions.ts";
import { readTrainedStudent, type TrainedStudent } from "../run/trained.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, onlyArgument, parseFlags, type Spec } from "../terminal/flags.ts";
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
    help: "file format (required)",
  },
  "seed": { type: "integer", least: 0, help: "seed of the trial. Default: 1" },
  "epoch": {
    type: "string",
    choices: ["last", "best"],
    help: "epoch of the trial's weights. Default: last",
  },
  "average": {
    type: "boolean",
    help: "write the moving average of the trial's weights (ema of its schedule)",
  },
  "epochs": { type: "integer", least: 1, help: "epochs of a quick run, to take out that run" },
  "limit": {
    type: "integer",
    least: 1,
    help: "batches per epoch of a quick run, to take out that run",
  },
  "out": {
    type: "string",
    help: "folder to write. Default: exports/<experiment>/<format> in the project",
  },
  "data": { type: "string", help: "folder of the data sets. Default: $RETORT_DATA or ./data" },
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
  const { task } = experiment.dataset;
  // A card of averages has their numbers.
  const measured = (trial: Trial): Trial =>
    student.average ? { ...trial, metric: averageMetric(trial.metric, task) } : trial;
  const outcome = await readOutcome(experiment, project);
  const facts = {
    ...await readFacts(student, epoch, findDataFolder(options.data)),
    format: FORMATS[name],
    student: { ...student, trial: measured(student.trial) },
    epoch,
  };
  const card: CardFacts = {
    ...facts,
    outcome: { ...outcome, measured: outcome.measured.map(measured) },
    versions: versions(null),
    commit: await commit(project),
  };
  const files = new Map(await facts.format.files(facts.model));
  files.set(
    "preprocessing.json",
    `${JSON.stringify(preprocessing(facts.model, facts.format), null, 2)}\n`,
  );
  files.set("README.md", modelCard(card));
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

/** The facts about the model, its images and its classes. */
async function readFacts(
  student: TrainedStudent,
  epoch: string,
  data: string,
): Promise<Pick<CardFacts, "model" | "parameters" | "multiplyAdds" | "tested">> {
  const { experiment: { student: network, dataset }, id, seed, path, sha256, tensors } = student;
  const { average, trial } = student;
  const { image, classes, tested } = await readImages(student, data);
  const origin = {
    ...average && { average: "true" },
    experiment: id,
    seed: String(seed),
    epoch,
    sha256,
    declaration: trial.declaration,
  };
  const model: ExportedModel = {
    network,
    task: dataset.task,
    image,
    classes,
    normalisation: dataset.normalisation,
    resize: dataset.resize,
    tensors: importWeights(network, image, classes.length, { path, tensors }),
    origin: { ...origin, ...(trial.commit ? { commit: trial.commit } : {}) },
  };
  const { parameters, multiplyAdds } = description(network, image, classes.length);
  return { model, parameters, multiplyAdds, tested };
}

/**
 * The size of the images, the classes and the number of test images: those that the student learned
 * with. Compares them with the data set if it is there. A student from before they were recorded
 * needs the data set.
 */
async function readImages(
  { experiment: { dataset }, learned }: TrainedStudent,
  data: string,
): Promise<Pick<ExportedModel, "image" | "classes"> & { readonly tested: number }> {
  let opened: OpenDataset;
  try {
    opened = await dataset.open(data, console.error, learned !== undefined);
  } catch (error) {
    if (!learned || !(error instanceof AbsentDataset)) throw error;
    const { by, facts: { image, classes, test } } = learned;
    console.error(`${by}: its data are not there, so they could not be compared`);
    const tested = test.classes.reduce((sum, { images }) => sum + images, 0);
    return { image, classes, tested };
  }
  try {
    if (learned) await new Fingerprint(opened, dataset.task).check(learned);
    return { image: opened.image, classes: opened.classes, tested: opened.test.size };
  } finally {
    opened.close();
  }
}

if (import.meta.main) await runCommand(() => runExport(Deno.args));
