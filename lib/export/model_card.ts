import { stringify } from "@std/yaml";
import { networkOf } from "../experiment/experiment.ts";
import { percentages } from "../project/metric.ts";
import { type Outcome, valuesOf } from "../project/outcome.ts";
import { engineTitle, teacherTitle } from "../project/result.ts";
import type { Versions } from "../project/versions.ts";
import type { TrainedStudent } from "../run/trained.ts";
import type { NetworkInWords } from "../tasks/task.ts";
import {
  escapeMarkdown,
  foldParagraph,
  formatList,
  formatTable,
  joinBlocks,
  NONE,
} from "../values/markdown.ts";
import { formatFixed, formatSpread } from "../values/numbers.ts";
import { summary } from "../values/statistics.ts";
import { describePart } from "../values/words.ts";
import type { Format } from "./format.ts";
import { type ExportedModel, inputName } from "./model.ts";
import { FORMULA, preprocessing } from "./preprocessing.ts";

/** All facts that a model card needs. */
export interface CardFacts {
  readonly model: ExportedModel;
  readonly format: Format;
  /** The trained student, with its run. */
  readonly student: TrainedStudent;
  /** The epoch of its weights. */
  readonly epoch: "last" | "best";
  /** All trials of its experiment. */
  readonly outcome: Outcome;
  /** The number of trainable numbers. */
  readonly parameters: number;
  /** Multiply-adds for one image. */
  readonly multiplyAdds: number;
  /** The number of test images. */
  readonly tested: number;
  /** The versions of the software that exports it. */
  readonly versions: Versions;
  /** The git commit that exports it; `null` outside a repository. */
  readonly commit: string | null;
}

/** Writes a model card: markdown that begins with metadata for model hubs. */
export function modelCard(facts: CardFacts): string {
  const { model, format } = facts;
  const name = title(facts);
  return `${
    joinBlocks([
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
      "## Origin",
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

/** What the network does and what it cannot, in sentences. */
function inWords({ model: { task, image: [height, width], classes } }: CardFacts): NetworkInWords {
  const images = `images of ${height} × ${width} pixels`;
  return task.inWords?.(images, classes) ?? {
    goal: `Classifies ${images} into ${classes.length} classes.`,
    limit: `It knows ${classes.length} classes. An image of anything else gets one of them too.`,
  };
}

function task(facts: CardFacts): string {
  const { model: { network }, parameters, multiplyAdds } = facts;
  const size = `${count(parameters)} parameters, ${count(multiplyAdds)} multiply-adds per image`;
  const { goal } = inWords(facts);
  return foldParagraph(escapeMarkdown(`${goal} The network is ${describePart(network)}: ${size}.`));
}

const weightsInWords = ({ average }: TrainedStudent, epoch: "last" | "best"): string =>
  `${epoch} epoch${average ? ", moving average" : ""}`;

function accuracy(
  { student, epoch, outcome, tested }: CardFacts,
): string {
  const { experiment, seed, trial: { metric } } = student;
  const weights = weightsInWords(student, epoch);
  const columns = percentages(metric, experiment.dataset.task, epoch).map(
    ({ measure, title, decimals, value }) => {
      const all = summary(valuesOf(outcome, measure, epoch));
      return [title, formatFixed(value, decimals), all ? formatSpread(all, decimals) : NONE];
    },
  );
  const [header, own, all] = [0, 1, 2].map((row) => columns.map((cells) => cells[row]));
  const rows = [
    [`this model: seed ${seed}, ${weights}`, ...own],
    [`trials, ${weights}`, ...all],
  ];
  return joinBlocks([
    foldParagraph(
      `In percent of the ${count(tested)} test images of ${experiment.dataset.id}. ` +
        "For all trials: mean ± sample standard deviation (n).",
    ),
    formatTable(["", ...header], rows),
  ]);
}

function method(
  { student: { experiment: { dataset: { task }, distiller, teachers }, trial } }: CardFacts,
): string {
  const { title, decimals } = task.measures[task.primary];
  const rows = trial.teachers.map((teacher, i) => [
    escapeMarkdown(networkOf(teachers[i]).id),
    escapeMarkdown(teacherTitle(teacher)),
    formatFixed(teacher.score[task.primary], decimals),
    `\`${teacher.sha256}\``,
  ]);
  return joinBlocks([
    foldParagraph(
      escapeMarkdown(`${describePart(distiller)}${distiller.paper ? `: ${distiller.paper}` : ""}.`),
    ),
    rows.length > 0 ? formatTable(["teacher", "weights", title, "sha256"], rows) : "",
  ]);
}

function recipe({ student: { experiment: { dataset, schedule } } }: CardFacts): string {
  const augmentation = describePart({ id: "augmentation", options: { ...dataset.augmentation } });
  return formatList(
    [describePart(dataset), augmentation, describePart(schedule)].map(escapeMarkdown),
  );
}

function inputAndOutput({ model, format }: CardFacts): string {
  const { image: [height, width, channels], classes, normalisation: { mean, std }, resize } = model;
  const layout = format.layout(model);
  const sides = { NHWC: [height, width, channels], NCHW: [channels, height, width] };
  const { predictions, predictsFrom = {} } = model.task;
  const others = Object.entries(predictsFrom);
  const facts = preprocessing(model, format);
  return formatList([
    `images: float32 \`[${
      [others.length > 0 ? 1 : "batch", ...sides[layout]].join(", ")
    }]\` (${layout}), channels ${facts.channels}`,
    `normalised: \`${FORMULA}\`, mean ${mean.join("/")}, std ${std.join("/")}`,
    ...(resize ? [`images of another size: ${escapeMarkdown(resize)}`] : []),
    ...others.map(([label, { shape, words }]) =>
      `${inputName(label)}: float32 \`[${[1, ...shape].join(", ")}]\`, ${words}`
    ),
    ...predictions
      ? [
        ...Object.entries(predictions).map(([name, words]) => `${name}: float32, ${words}`),
        `classes: ${escapeMarkdown(classes.join(", "))}`,
      ]
      : [`logits: float32 \`[batch, ${classes.length}]\`: ${escapeMarkdown(classes.join(", "))}`],
  ]);
}

function source(
  { student, epoch, format, versions, commit }: CardFacts,
): string {
  const { id, seed, sha256, trial } = student;
  const weights = weightsInWords(student, epoch);
  const { retort, deno, tfjs } = versions;
  return formatList([
    `experiment \`${id}\`, seed ${seed}, ${weights}; declaration \`${trial.declaration}\``,
    `weights: sha256 \`${sha256}\``,
    `trained in ${trial.precision} with ${engineTitle(trial)}, commit ${trial.commit ?? "unknown"}`,
    `exported as ${format.title} by Retort ${
      retort ?? "unknown"
    }, Deno ${deno}, tfjs ${tfjs}, commit ${commit ?? "unknown"}`,
  ]);
}

function limits(facts: CardFacts): string {
  const { format, student: { trial }, epoch, outcome } = facts;
  const n = outcome.measured.length;
  return formatList([
    inWords(facts).limit,
    ...(n < 2
      ? ["Its accuracy is that of one trial. The spread over trials was not measured."]
      : []),
    ...(epoch === "best" && trial.holdout === null
      ? [
        "Its epoch was chosen by the test images, as in the papers: its accuracy is optimistic.",
      ]
      : []),
    ...(trial.quick
      ? [
        `It is of a quick run, of ${trial.epochs} epochs and perhaps fewer batches and test images ` +
        "than declared: a trial of the program, not a result.",
      ]
      : []),
    ...(trial.precision === "bfloat16"
      ? ["Its accuracy was measured with convolutions in bfloat16."]
      : []),
    ...format.limits,
  ]);
}

/** The type of a data set that the hub does not have, in the letters that the hub takes. */
const hubType = (id: string): string =>
  id.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase().replace(/[^a-z0-9]+/g, "-");

const count = (number: number): string => number.toLocaleString("en");

/**
 * Writes the metadata that model hubs read at the beginning of a card: YAML between two rules. It
 * names no licence, which whoever publishes the model has to choose.
 */
function cardMetadata({ model, format, student, epoch }: CardFacts, name: string): string {
  const { experiment: { dataset, distiller }, trial: { metric } } = student;
  const { task: { hub = { task: "image-classification", metric: "accuracy" } } } = dataset;
  const result = {
    task: { type: hub.task },
    dataset: { name: dataset.id, type: dataset.hub ?? hubType(dataset.id) },
    metrics: percentages(metric, dataset.task, epoch).map(({ title, value }) => ({
      type: hub.metric,
      name: title,
      value,
    })),
  };
  const facts = {
    library_name: format.library(model),
    pipeline_tag: hub.task,
    tags: ["knowledge-distillation", model.network.id, distiller.id],
    ...dataset.hub !== undefined && { datasets: [dataset.hub] },
    metrics: [hub.metric],
    "model-index": [{ name, results: [result] }],
  };
  return `---\n# license: yours to choose\n${stringify(facts)}---`;
}
