/**
 * Runs one compiled step of experiments: of a few that cover every method and every pair, or of all
 * distinct ones if RETORT_ALL is set.
 */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { GraphEngine } from "../../lib/engine/graph_engine.ts";
import { type Experiment, networkOf } from "../../lib/experiment/experiment.ts";
import { variableShapes } from "../../lib/nn/description.ts";
import type { Net } from "../../lib/nn/network.ts";
import { normal, type Shape, sizeOf, type Variable } from "../../lib/nn/variables.ts";
import { identify } from "../../lib/project/identify.ts";
import { listValues } from "../../lib/training/list_values.ts";
import { canonical, type Json } from "../../lib/values/json.ts";
import { hashName, stream } from "../../lib/values/random.ts";
import { allExperiments } from "../support/all_experiments.ts";
import { useTensorflow } from "../support/engines.ts";
import { experimentStep } from "../support/experiment_step.ts";
import { type Images, imagesOf } from "../support/images_of.ts";
import { everything, needs } from "../support/needs.ts";

/** An experiment and the parts of it that decide its step. */
interface Case {
  readonly experiment: Experiment;
  /** The parts that do not depend on the networks: the method with its options, mix and views. */
  readonly method: string;
  /**
   * `method` with numbers reduced to their signs, except those of `COUNTS`. Methods of one kind
   * have the same terms for each teacher.
   */
  readonly kind: string;
  /**
   * The student, the teachers, the image size and the number of classes. Equal teachers count once,
   * because `method` has their number.
   */
  readonly pair: string;
  /** Estimated duration of a first step, in arbitrary units. */
  readonly cost: number;
}

/** Names of the options that decide how many terms a step has for each teacher. */
const COUNTS: ReadonlySet<string> = new Set(["heads", "copies", "branches"]);

function caseOf(experiment: Experiment): Case {
  const { student, distiller, dataset: { mix, views }, schedule } = experiment;
  // The only option of SGD that changes the ops of a step.
  const { dot } = schedule.options as { readonly dot?: number };
  const part = ({ id, options }: { readonly id: string; readonly options: Json }) => ({
    id,
    options,
  });
  const teachers = experiment.teachers.map(networkOf);
  const kinds = new Set(teachers.map((one) => canonical(part(one))));
  const { image, classes } = imagesIn(experiment);
  const seen = { mix: mix && part(mix), views: views && Object.keys(views) };
  const method = canonical({ ...part(distiller), teachers: teachers.length, ...seen, dot });
  return {
    experiment,
    method,
    kind: JSON.stringify(
      JSON.parse(method, (name, value) => COUNTS.has(name) ? value : signOf(value)),
    ),
    pair: canonical({ student: part(student), teachers: [...kinds], image, classes }),
    cost: [student, ...teachers].reduce((sum, network) => sum + costOf(network, image, classes), 0),
  };
}

/** The sizes of an experiment's images. Photos with objects are smaller: theirs take gigabytes. */
function imagesIn({ dataset }: Experiment): Images {
  const images = imagesOf(dataset);
  return dataset.task.id === "detection" ? { ...images, image: [128, 160, 3] } : images;
}

/** Gives a number's sign, and any other value unchanged. */
function signOf(value: Json): Json {
  return typeof value === "number" ? Math.sign(value) : value;
}

/**
 * Estimates a network's share of a first step: one unit per variable and one per 25,000 elements.
 */
function costOf(network: Net, image: Shape, classes: number): number {
  const shapes = [...variableShapes(network, image, classes).values()];
  return shapes.reduce((sum, shape) => sum + 1 + sizeOf(shape) / 25_000, 0);
}

/** Keeps one case of each method and pair. */
function distinct(cases: readonly Case[]): Case[] {
  return [...new Map(cases.map((one) => [one.method + one.pair, one])).values()];
}

/**
 * Selects a few cases that cover every kind of method and every pair, the cheapest first: first
 * cases in which both are new, then cases for the rest.
 */
function cover(cases: readonly Case[]): Case[] {
  const kinds = new Set<string>();
  const pairs = new Set<string>();
  const ascending = cases.toSorted((a, b) => a.cost - b.cost);
  const select = (isWanted: (isNewKind: boolean, isNewPair: boolean) => boolean) =>
    ascending.filter(({ kind, pair, experiment: { teachers } }) => {
      const isTaken = isWanted(!kinds.has(kind), !pairs.has(pair) && teachers.length > 0);
      if (isTaken) kinds.add(kind), pairs.add(pair);
      return isTaken;
    });
  return [...select((kind, pair) => kind && pair), ...select((kind, pair) => kind || pair)];
}

/**
 * Whether a variable is the weight of a convolution or dense layer. Biases are left out, because a
 * norm cancels a bias before it, so that it does not move.
 */
function isWeight({ name, shape, trainable }: Variable): boolean {
  return trainable && name.endsWith(".weight") && shape.length > 1;
}

const NOISE = normal(1)(99_991, stream(1, "steps"));

/**
 * Makes the weights of a first step from repeated noise, because tens of millions of random numbers
 * take longer than the step. Each name starts at another place of the noise, because TensorFlow
 * merges equal constants and so the outputs of two teachers.
 */
function weights(variable: Variable): Float32Array | undefined {
  if (!isWeight(variable)) return undefined;
  const { name, shape } = variable;
  const size = sizeOf(shape);
  const deviation = Math.sqrt(2 * shape.at(-1)! / size);
  const values = new Float32Array(size);
  const first = hashName(name) % NOISE.length;
  for (let i = 0; i < size; i++) values[i] = deviation * NOISE[(first + i) % NOISE.length];
  return values;
}

/**
 * Runs a first step at batch 2. Asserts that every value is finite and that each trainable weight
 * of the student moves, or of the method if the student has none.
 */
async function stepOnce(experiment: Experiment): Promise<void> {
  const engine = new GraphEngine();
  try {
    const { step, trainable } = await experimentStep(
      engine,
      [experiment],
      2,
      weights,
      undefined,
      imagesIn(experiment),
    );
    const all = trainable.filter(isWeight);
    const students = all.filter(({ name }) => name.startsWith("student."));
    const learning = students.length > 0 ? students : all;
    for (const [name, values] of listValues((await step())[0])) {
      assert(values.every(Number.isFinite), name);
    }
    for (const [i, after] of (await engine.read(learning)).entries()) {
      const { name } = learning[i];
      const before = weights(learning[i])!;
      assert(after.every(Number.isFinite), `${name} is not finite`);
      assert(after.some((value, j) => value !== before[j]), `${name} has not moved`);
    }
  } finally {
    engine.close();
  }
}

/** The cost from which a case takes gigabytes: detectors on large ResNets. */
const LARGE = 1500;

/**
 * Deno's sanitizers fail for steps that run side by side. The test around the steps is sanitized.
 */
const SIDE_BY_SIDE = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

await needs(
  everything,
  "steps: every method and every pair of the experiments takes a step",
  async (t) => {
    await useTensorflow();
    const all = distinct(Array.from(await allExperiments(), caseOf));
    const areAll = Deno.env.has("RETORT_ALL");
    const chosen = areAll ? all : cover(all);
    const large = chosen.filter(({ cost }) => areAll || cost > LARGE);
    const others = chosen.filter((one) => !large.includes(one)).values();
    const tensors = tf.memory().numTensors;
    const lane = async (cases: Iterable<Case>, options: Partial<Deno.TestStepDefinition> = {}) => {
      for (const { experiment } of cases) {
        const { id } = await identify(experiment);
        await t.step({ ...options, name: id, fn: () => stepOnce(experiment) });
      }
    };
    // Most cases of the cover run in two lanes: one builds a step while TensorFlow prepares the
    // other's graph on a single core. The largest cases take gigabytes, so these run one at a time.
    await Promise.all([lane(others, SIDE_BY_SIDE), lane(others, SIDE_BY_SIDE)]);
    await lane(large);
    assertEquals(tf.memory().numTensors, tensors, "tensors are left over");
  },
);
