/**
 * One compiled step of experiments: of a few that have every method and every pair, or of all that
 * differ.
 */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { GraphEngine } from "../../lib/engine/graph_engine.ts";
import { type Experiment, networkOf } from "../../lib/experiment/experiment.ts";
import { variableShapes } from "../../lib/nn/description.ts";
import type { Net } from "../../lib/nn/network.ts";
import { normal, type Shape, sizeOf, type Variable } from "../../lib/nn/variables.ts";
import { identify } from "../../lib/project/identify.ts";
import { listValues } from "../../lib/training/step.ts";
import { canonical, type Json } from "../../lib/values/json.ts";
import { hashName, stream } from "../../lib/values/random.ts";
import { allExperiments } from "../support/all_experiments.ts";
import { useTensorflow } from "../support/engines.ts";
import { experimentStep } from "../support/experiment_step.ts";
import { imagesOf } from "../support/images_of.ts";
import { everything, needs } from "../support/needs.ts";

/** An experiment as its step has it. */
interface Case {
  /** The experiment. */
  readonly experiment: Experiment;
  /**
   * What is done in a step, whatever the networks are: the method with its options, how images are
   * mixed and seen.
   */
  readonly method: string;
  /**
   * The same, of numbers but `COUNTS` the sign: whatever else they are, the step has the same terms
   * for each teacher.
   */
  readonly kind: string;
  /**
   * Who learns from whom on images of what size in how many classes; how many of a kind teach is
   * the method's.
   */
  readonly pair: string;
  /** How long a first step takes, on a scale of its own. */
  readonly cost: number;
}

/** The options, by name, that say how many terms a step has for each teacher. */
const COUNTS: ReadonlySet<string> = new Set(["heads", "copies", "branches"]);

function caseOf(experiment: Experiment): Case {
  const { student, distiller, dataset: { mix, views }, schedule } = experiment;
  // Of what SGD can be asked for this alone changes what a step is made of.
  const { dot } = schedule.options as { readonly dot?: number };
  const part = ({ id, options }: { readonly id: string; readonly options: Json }) => ({
    id,
    options,
  });
  const teachers = experiment.teachers.map(networkOf);
  const kinds = new Set(teachers.map((one) => canonical(part(one))));
  const { image, classes } = imagesOf(experiment.dataset);
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

/** A number's sign; anything else itself. */
function signOf(value: Json): Json {
  return typeof value === "number" ? Math.sign(value) : value;
}

/**
 * A network's share in a first step goes by its variables and by how many numbers they are, 25,000
 * as much as a variable.
 */
function costOf(network: Net, image: Shape, classes: number): number {
  const shapes = [...variableShapes(network, image, classes).values()];
  return shapes.reduce((sum, shape) => sum + 1 + sizeOf(shape) / 25_000, 0);
}

/** One case of each method and pair. */
function distinct(cases: readonly Case[]): Case[] {
  return [...new Map(cases.map((one) => [one.method + one.pair, one])).values()];
}

/**
 * Few cases, the cheapest first, that have every kind of method and every pair: those in which both
 * are new, then what is left.
 */
function cover(cases: readonly Case[]): Case[] {
  const kinds = new Set<string>();
  const pairs = new Set<string>();
  const ascending = cases.toSorted((a, b) => a.cost - b.cost);
  const taking = (isWanted: (isNewKind: boolean, isNewPair: boolean) => boolean) =>
    ascending.filter(({ kind, pair, experiment: { teachers } }) => {
      const isTaken = isWanted(!kinds.has(kind), !pairs.has(pair) && teachers.length > 0);
      if (isTaken) kinds.add(kind), pairs.add(pair);
      return isTaken;
    });
  return [...taking((kind, pair) => kind && pair), ...taking((kind, pair) => kind || pair)];
}

/**
 * Of a convolution or dense layer: a bias before a norm does not move, since the norm takes the
 * mean away again.
 */
function isWeight({ name, shape, trainable }: Variable): boolean {
  return trainable && name.endsWith(".weight") && shape.length > 1;
}

const NOISE = normal(1)(99_991, stream(1, "steps"));

/**
 * Weights for a first step, which may repeat themselves: drawing each of tens of millions takes
 * longer than the step. They begin elsewhere by name, since TensorFlow takes equal constants, and
 * what two teachers make of them, for one.
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
 * Runs a first step at batch 2: every value is finite, and each weight of the student that learns
 * moves, or of the method's own.
 */
async function stepOnce(experiment: Experiment): Promise<void> {
  const engine = new GraphEngine();
  try {
    const { step, trainable } = await experimentStep(engine, experiment, 2, weights);
    const all = trainable.filter(isWeight);
    const students = all.filter(({ name }) => name.startsWith("student."));
    const learning = students.length > 0 ? students : all;
    for (const [name, values] of listValues(await step())) {
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

/**
 * Deno watches what a case opens only where no other runs beside it; the test around them is
 * watched.
 */
const SIDE_BY_SIDE = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

await needs(
  everything,
  "steps: every method and every pair of the experiments takes one",
  async (t) => {
    await useTensorflow();
    const all = distinct(Array.from(await allExperiments(), caseOf));
    const areAll = Deno.env.has("RETORT_ALL");
    const queue = (areAll ? all : cover(all)).values();
    const tensors = tf.memory().numTensors;
    const lane = async (options: Partial<Deno.TestStepDefinition>) => {
      for (const { experiment } of queue) {
        const { id } = await identify(experiment);
        await t.step({ ...options, name: id, fn: () => stepOnce(experiment) });
      }
    };
    // Of all of them the largest take gigabytes, so one at a time. Of few, the next is built while
    // TensorFlow prepares the graph of one on a single core.
    await Promise.all(areAll ? [lane({})] : [lane(SIDE_BY_SIDE), lane(SIDE_BY_SIDE)]);
    assertEquals(tf.memory().numTensors, tensors, "tensors are left over");
  },
);
