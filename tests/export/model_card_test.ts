import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml";
import { cifar100 } from "../../datasets/cifar.ts";
import { imageFolder } from "../../datasets/image_folder.ts";
import { synthetic } from "../../datasets/synthetic.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { type Experiment, experiment, from } from "../../lib/experiment/experiment.ts";
import { graphModel } from "../../lib/export/graph_model.ts";
import { safetensors } from "../../lib/export/safetensors.ts";
import { savedModel } from "../../lib/export/saved_model.ts";
import { type CardFacts, modelCard } from "../../lib/export/model_card.ts";
import { resnet20, resnet8 } from "../../lib/networks/resnet.ts";
import type { Trial } from "../../lib/project/result.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { detection } from "../../lib/tasks/detection.ts";
import { detector, model } from "../support/models.ts";
import { trial } from "../support/trial.ts";

const dataset = synthetic({ classes: 5 });
const schedule = sgd({ epochs: 2, batch: 4, lr: 0.1 });
const teacher = experiment(import.meta, {
  dataset,
  schedule,
  student: resnet20,
  distiller: scratch(),
});
const student = experiment(import.meta, {
  dataset,
  schedule,
  student: resnet8,
  teacher: from(teacher),
  distiller: kd(),
});
const TEACHER = { id: "toy#teacher", seed: 1, sha256: "b".repeat(64), score: { top1: 81.5 } };

function facts(
  experiment: Experiment,
  trials: readonly Trial[],
  other: Partial<CardFacts> = {},
): CardFacts {
  return {
    model: model(resnet8),
    format: savedModel,
    student: {
      experiment,
      id: "toy#taught",
      seed: 1,
      path: "",
      sha256: "c".repeat(64),
      tensors: new Map(),
      average: false,
      trial: trials[0],
    },
    epoch: "last",
    outcome: { experiment, path: "toy.ts", measured: trials, stale: 0, quick: 0 },
    parameters: 12345,
    multiplyAdds: 6789012,
    tested: 2000,
    versions: { retort: "0.1.0", deno: "2.9.6", tfjs: "4.22.0", tensorflow: null },
    commit: "fedcba",
    ...other,
  };
}

const three = [70, 71, 72].map((top1, i) => trial(i + 1, top1, { teachers: [TEACHER] }));

Deno.test("modelCard: names the student, its method, its teacher, and its accuracy over all trials", () => {
  const card = modelCard(facts(student, three));
  assertStringIncludes(card, "\n# resnet8 on synthetic: kd from resnet20\n");
  assertStringIncludes(
    card.replaceAll("\n", " "),
    "into 5 classes. The network is resnet8: 12,345 parameters, 6,789,012 multiply-adds",
  );
  assertStringIncludes(card, "the 2,000 test images of synthetic");
  assertMatch(card, /\| this model: seed 1, last epoch \|\s+70\.00 \|\s+80\.00 \|/);
  assertMatch(card, /\| trials, last epoch +\| +71\.00 ± 1\.00 \(3\) \| +81\.00 ± 1\.00 \(3\) \|/);
  assertStringIncludes(
    card,
    "kd (temperature 4, ce 0.1, kd 0.9): Distilling the Knowledge in a Neural Network.",
  );
  assertMatch(
    card,
    new RegExp(`\\| resnet20 \\| +toy#teacher seed 1 \\| +81\\.50 \\| +\`${"b".repeat(64)}\` \\|`),
  );
  assertStringIncludes(card, "sgd (epochs 2, batch 4, lr 0.1");
  assertStringIncludes(card, "augmentation (crop 2, no flip)");
  assertStringIncludes(card, "mean 0.5/0.4/0.3, std 0.2/0.25/0.3");
  assertStringIncludes(card, "class 0, class 1, class 2, class 3, class 4");
  assertStringIncludes(card, `weights: sha256 \`${"c".repeat(64)}\``);
  assertStringIncludes(card, "trained in float32 with TensorFlow 2.21.0, commit 0123456789abcdef");
  assertStringIncludes(
    card,
    "exported as TensorFlow SavedModel by Retort 0.1.0, Deno 2.9.6, tfjs 4.22.0, commit fedcba",
  );
  assert(!card.includes("undefined") && !card.includes("NaN"));
});

Deno.test("modelCard: begins with metadata, without a licence", () => {
  const [, front] = modelCard(facts(student, three)).match(/^---\n(.*?\n)---\n/s)!;
  const { license, tags, "model-index": [{ results: [{ metrics }] }], ...rest } = parse(front) as {
    license?: string;
    tags: string[];
    "model-index": { results: { metrics: Record<string, unknown>[] }[] }[];
    library_name: string;
  };
  assertEquals([license, rest.library_name], [undefined, "tensorflow"]);
  assertEquals(tags, ["knowledge-distillation", "resnet8", "kd"]);
  assertEquals(metrics[0], { type: "accuracy", name: "top-1", value: 70 });
  assertStringIncludes(front, "# license: yours to choose");
  assert(!front.includes("datasets:") && front.includes("type: synthetic"));
});

Deno.test("modelCard: names a data set by its id on the hub, and others in the hub's letters", () => {
  const on = (dataset: Dataset) =>
    modelCard(
      facts(
        experiment(import.meta, { dataset, schedule, student: resnet8, distiller: scratch() }),
        [trial(1, 70)],
      ),
    );
  const cifar = on(cifar100());
  assertStringIncludes(cifar, "datasets:\n  - uoft-cs/cifar100\n");
  assertStringIncludes(cifar, "name: cifar100\n          type: uoft-cs/cifar100\n");
  const folder = on(imageFolder({ folder: "Käse τ" }));
  assert(!folder.includes("datasets:"));
  assertStringIncludes(folder, "type: image-folder\n");
});

Deno.test("modelCard: of one trial without a teacher, says what is not known", () => {
  const one = [
    trial(1, 70, { commit: null, tensorflow: null, backend: "cpu", precision: "float32" }),
  ];
  const card = modelCard(facts(teacher, one, { epoch: "best", commit: null }));
  assertStringIncludes(card, "# resnet8 on synthetic: scratch\n".replace("resnet8", "resnet20"));
  assertMatch(card, /\| this model: seed 1, best epoch \| +70\.50 \|/);
  assertStringIncludes(card, "The spread over trials was not measured");
  assertStringIncludes(card, "Its epoch was chosen by the test images");
  assertStringIncludes(card, "with the cpu backend, commit unknown");
  assert(!card.includes("| teacher"));
  const held = modelCard(
    facts(teacher, [{ ...one[0], holdout: 100, precision: "bfloat16" }], { epoch: "best" }),
  );
  assert(!held.includes("chosen by the test images"));
  assertStringIncludes(held, "measured with convolutions in bfloat16");
});

Deno.test("modelCard: of a quick run, says so", () => {
  const of = (quick: boolean) =>
    modelCard(facts(teacher, [trial(1, 70, { quick })])).replaceAll(/\s+/g, " ");
  assertStringIncludes(of(true), "It is of a quick run");
  assertEquals(of(false).includes("quick run"), false);
});

Deno.test("modelCard: explains how to load its format, and the order of its dimensions", () => {
  const of = (format: CardFacts["format"]) => modelCard(facts(student, three, { format }));
  assertStringIncludes(of(savedModel), "tf.saved_model.load");
  assertStringIncludes(of(graphModel), "tf.loadGraphModel");
  assertStringIncludes(of(graphModel), "`[batch, 32, 32, 3]` (NHWC), channels RGB");
  assertStringIncludes(of(safetensors), "model.load_state_dict(load_file");
  assertStringIncludes(of(safetensors), "`[batch, 3, 32, 32]` (NCHW), channels RGB");
  const ours = { ...model(resnet8), network: { ...resnet8, names: undefined } };
  const card = modelCard(facts(student, three, { format: safetensors, model: ours }));
  assert(!card.includes("load_state_dict"));
  assertStringIncludes(card, 'weights(network, { file: "model.safetensors" })');
});

Deno.test("modelCard: of a detector, says that it finds objects, and what it is given", () => {
  const coco = experiment(import.meta, {
    dataset: { ...dataset, id: "coco", task: detection } as unknown as Dataset,
    schedule,
    student: resnet8,
    distiller: scratch(),
  });
  const metric = { AP: { last: 20, best: 21 }, APs: { last: 3, best: 4 } };
  const card = modelCard(facts(coco, [trial(1, 70, { metric })], { model: detector() }));
  assertStringIncludes(card, "\nFinds objects of 2 classes in images of 64 × 64 pixels.");
  assertStringIncludes(card, "- It finds objects of these classes only.\n");
  assertStringIncludes(
    card,
    "- size: float32 `[1, 2]`, height and width of the image without its padding\n",
  );
  assertStringIncludes(card, "size=tf.constant([64, 64], tf.float32, [1, 2]))");
  assertStringIncludes(card, "pipeline_tag: object-detection\n");
  assertMatch(card, /\| +\| +AP \| +APs \|\n/);
  assert(!card.includes("Classifies") && !card.includes("one of them too"));
});
