import { stringify } from "@std/yaml";
import { networkOf } from "../experiment/experiment.ts";
import { percentages } from "../project/metric.ts";
import { type Outcome, valuesOf } from "../project/outcome.ts";
import type { Versions } from "../project/versions.ts";
import type { TrainedStudent } from "../run/trained.ts";
import { bullets, escapeMarkdown, grid, paragraph, stack } from "../values/markdown.ts";
import { formatFixed, formatSpread } from "../values/numbers.ts";
import { summary } from "../values/statistics.ts";
import { inWords } from "../values/words.ts";
import type { Format } from "./format.ts";
import type { ExportedModel } from "./model.ts";
import { FORMULA, preprocessing } from "./preprocessing.ts";

/** Everything that a model card is written from. */
export interface CardFacts {
  /** What is taken out. */
  readonly model: ExportedModel;
  /** What it is taken out as. */
  readonly format: Format;
  /** The run that trained it. */
  readonly student: TrainedStudent;
  /** Which of its weights. */
  readonly epoch: "last" | "best";
  /** What came of all trials of its experiment. */
  readonly outcome: Outcome;
  /** Trainable numbers. */
  readonly parameters: number;
  /** Multiply-adds for one image. */
  readonly multiplyAdds: number;
  /** How many images it was tested on. */
  readonly tested: number;
  /** The versions that take it out. */
  readonly versions: Versions;
  /** The git commit that takes it out; null outside a repository. */
  readonly commit: string | null;
}

/** A model card: markdown, with metadata for model hubs in front. */
export function modelCard(facts: CardFacts): string {
  const { model, format } = facts;
  const name = title(facts);
  return `${
    stack([
      cardMetadata(facts, name),
      `# ${escapeMarkdown(name)}`,
      task(facts),
      "## Accuracy",
      accuracy(facts),
      "## Method",
      method(facts),
      "## Recipe",
      recipe(facts),
      "## Input and output",
      inputAndOutput(facts),
      "## How to load it",
      format.loading(model),
      "## Where it comes from",
      source(facts),
      "## Limits",
      limits(facts),
    ])
  }\n`;
}

function title(
  { student: { experiment: { student, dataset, distiller, teachers } } }: CardFacts,
): string {
  const from = teachers.map((teacher) => networkOf(teacher).id).join(", ");
  return `${student.id} on ${dataset.id}: ${distiller.id}${from ? ` from ${from}` : ""}`;
}

function task(
  { model: { network, image: [height, width], classes }, parameters, multiplyAdds }: CardFacts,
): string {
  const size = `${count(parameters)} parameters, ${count(multiplyAdds)} multiply-adds an image`;
  return paragraph(
    escapeMarkdown(
      `Classifies images of ${height} × ${width} pixels into ${classes.length} classes. The network is ${
        inWords(network)
      }: ${size}.`,
    ),
  );
}

function accuracy(
  { student: { experiment, seed, trial: { metric } }, epoch, outcome, tested }: CardFacts,
): string {
  const shown = percentages(metric, experiment.dataset.task, epoch).map(
    ({ measure, title, decimals, value }) => {
      const all = summary(valuesOf(outcome, measure, epoch));
      return [title, formatFixed(value, decimals), all ? formatSpread(all, decimals) : "—"];
    },
  );
  const [header, own, all] = [0, 1, 2].map((row) => shown.map((cells) => cells[row]));
  return stack([
    paragraph(
      `In percent of the ${
        count(tested)
      } test images of ${experiment.dataset.id}; over the trials mean ± sample standard deviation (n).`,
    ),
    grid(["", ...header], [[`this model: seed ${seed}, ${epoch} epoch`, ...own], [
      `trials, ${epoch} epoch`,
      ...all,
    ]]),
  ]);
}

function method(
  { student: { experiment: { dataset: { task }, distiller, teachers }, trial } }: CardFacts,
): string {
  const { title, decimals } = task.measures[task.primary];
  const rows = trial.teachers.map(({ id, seed, sha256, score }, i) => [
    escapeMarkdown(networkOf(teachers[i]).id),
    escapeMarkdown(seed === null ? id : `${id} seed ${seed}`),
    formatFixed(score[task.primary], decimals),
    `\`${sha256}\``,
  ]);
  return stack([
    paragraph(
      escapeMarkdown(`${inWords(distiller)}${distiller.paper ? `: ${distiller.paper}` : ""}.`),
    ),
    rows.length > 0 ? grid(["teacher", "weights", title, "sha256"], rows) : "",
  ]);
}

function recipe({ student: { experiment: { dataset, schedule } } }: CardFacts): string {
  const augmentation = inWords({ id: "augmentation", options: { ...dataset.augmentation } });
  return bullets([inWords(dataset), augmentation, inWords(schedule)].map(escapeMarkdown));
}

function inputAndOutput({ model, format }: CardFacts): string {
  const { image: [height, width, channels], classes, normalisation: { mean, std }, resize } = model;
  const layout = format.layout(model);
  const sides = { NHWC: [height, width, channels], NCHW: [channels, height, width] };
  const facts = preprocessing(model, format);
  return bullets([
    `images: float32 \`[${
      ["batch", ...sides[layout]].join(", ")
    }]\` (${layout}), channels ${facts.channels}`,
    `normalised: \`${FORMULA}\`, mean ${mean.join("/")}, std ${std.join("/")}`,
    ...(resize ? [`images of another size: ${escapeMarkdown(resize)}`] : []),
    `logits: float32 \`[batch, ${classes.length}]\`: ${escapeMarkdown(classes.join(", "))}`,
  ]);
}

function source(
  { student: { id, seed, sha256, trial }, epoch, format, versions, commit }: CardFacts,
): string {
  const engine = trial.tensorflow
    ? `TensorFlow ${trial.tensorflow}`
    : `the ${trial.backend} backend`;
  const { retort, deno, tfjs } = versions;
  return bullets([
    `experiment \`${id}\`, seed ${seed}, ${epoch} epoch; declaration \`${trial.declaration}\``,
    `weights: sha256 \`${sha256}\``,
    `trained in ${trial.precision} with ${engine}, commit ${trial.commit ?? "unknown"}`,
    `taken out as ${format.title} by Retort ${
      retort ?? "unknown"
    }, Deno ${deno}, tfjs ${tfjs}, commit ${commit ?? "unknown"}`,
  ]);
}

function limits({ model, format, student: { trial }, epoch, outcome }: CardFacts): string {
  const n = outcome.measured.length;
  return bullets([
    `It knows ${model.classes.length} classes: an image of anything else gets one of them all the same.`,
    ...(n < 2 ? ["Its accuracy is that of one trial: how far it spreads was not measured."] : []),
    ...(epoch === "best" && trial.holdout === null
      ? [
        "Its epoch was chosen by the test images, as the papers do: its accuracy is somewhat flattered.",
      ]
      : []),
    ...(trial.precision === "bfloat16"
      ? ["Its accuracy was measured with convolutions in bfloat16."]
      : []),
    ...format.limits,
  ]);
}

const count = (number: number): string => number.toLocaleString("en");

/**
 * What model hubs read in front of a card, YAML between two rules; the licence is left to whoever
 * publishes the model.
 */
export function cardMetadata({ model, format, student, epoch }: CardFacts, name: string): string {
  const { experiment: { dataset, distiller }, trial: { metric } } = student;
  const result = {
    task: { type: "image-classification" },
    dataset: { name: dataset.id, type: dataset.id },
    metrics: percentages(metric, dataset.task, epoch).map(({ title, value }) => ({
      type: "accuracy",
      name: title,
      value,
    })),
  };
  const facts = {
    library_name: format.library(model),
    pipeline_tag: "image-classification",
    tags: ["knowledge-distillation", model.network.id, distiller.id],
    datasets: [dataset.id],
    metrics: ["accuracy"],
    "model-index": [{ name, results: [result] }],
  };
  return `---\n# license: yours to choose\n${stringify(facts)}---`;
}
