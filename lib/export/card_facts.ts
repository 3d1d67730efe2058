import { AbsentDataset, type OpenDataset } from "../data/dataset.ts";
import { Fingerprint } from "../data/fingerprint.ts";
import { description } from "../nn/description.ts";
import { projectRoot } from "../project/identify.ts";
import { averageMetric } from "../project/metric.ts";
import { readOutcome } from "../project/outcome.ts";
import type { Trial } from "../project/result.ts";
import { commit, versions } from "../project/versions.ts";
import type { TrainedStudent } from "../run/trained.ts";
import { importWeights } from "../weights/import_weights.ts";
import type { Format } from "./format.ts";
import type { ExportedModel } from "./model.ts";
import type { CardFacts } from "./model_card.ts";

/**
 * Collects the facts for the model card of a trained student with the weights of this epoch. `data`
 * is the folder of the data sets, `log` takes notes about them. Rejects with a `Failure` (exit 3) if
 * the data set has changed since, or is missing and was not recorded.
 */
export async function readCardFacts(
  student: TrainedStudent,
  epoch: "last" | "best",
  format: Format,
  data: string,
  log: (line: string) => void,
): Promise<CardFacts> {
  const { experiment, average } = student;
  const project = projectRoot(experiment.url);
  const outcome = await readOutcome(experiment);
  // A card of averages has their numbers.
  const measured = (trial: Trial): Trial =>
    average ? { ...trial, metric: averageMetric(trial.metric, experiment.dataset.task) } : trial;
  return {
    ...await readModel(student, epoch, data, log),
    format,
    student: { ...student, trial: measured(student.trial) },
    epoch,
    outcome: { ...outcome, measured: outcome.measured.map(measured) },
    versions: versions(null),
    commit: await commit(project),
  };
}

/** The facts about the model, its images and its classes. */
async function readModel(
  student: TrainedStudent,
  epoch: string,
  data: string,
  log: (line: string) => void,
): Promise<Pick<CardFacts, "model" | "parameters" | "multiplyAdds" | "tested">> {
  const { experiment: { student: network, dataset }, id, seed, path, sha256, tensors } = student;
  const { average, trial } = student;
  const { image, classes, tested } = await readImages(student, data, log);
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
  log: (line: string) => void,
): Promise<Pick<ExportedModel, "image" | "classes"> & { readonly tested: number }> {
  let opened: OpenDataset;
  try {
    opened = await dataset.open(data, log, learned !== undefined);
  } catch (error) {
    if (!learned || !(error instanceof AbsentDataset)) throw error;
    const { by, facts: { image, classes, test } } = learned;
    log(`${by}: its data are not there, so they could not be compared`);
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
