import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "@tensorflow/tfjs";
import type {
  BuildContext,
  Create,
  HardLabels,
  SpottedDistiller,
  StepContext,
  Teachers,
} from "../experiment/distiller.ts";
import { choose } from "../kernels/choose.ts";
import { gather, putRows } from "../kernels/gather.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { dense } from "../nn/layers.ts";
import type { Net } from "../nn/network.ts";
import { flat, masked, type Related, related, stop, unitRows } from "../nn/ops.ts";
import type { Pass } from "../nn/pass.ts";
import { constant, type Shape, uniform, type Variable } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { alsoKd } from "./parts/also_kd.ts";

/** What `crd` can be asked for. */
export interface CrdOptions<S extends string, T extends string> {
  /** The student's tap; `pooled` (RepDistiller, mdistiller, SAKD). */
  readonly student?: S;
  /** The teacher's tap; `pooled`. */
  readonly teacher?: T;
  /** Length of both embeddings; 128. */
  readonly dimensions?: number;
  /**
   * N, the negatives of each sample, drawn in each step without replacement from the images of
   * other classes; 16384.
   */
  readonly negatives?: number;
  /**
   * Which image is the positive: the sample's own (`exact`), or a random one of its class
   * (`relax`); `exact`.
   */
  readonly positive?: "exact" | "relax";
  /** τ, which similarities are divided by; 0.07. */
  readonly temperature?: number;
  /** A memory's share of its old value when it is seen again; 0.5. */
  readonly momentum?: number;
  /** Weight of the contrast; 0.8 (RepDistiller, mdistiller, SAKD). */
  readonly weight?: number;
  /** Weight of the cross-entropy; 1. */
  readonly ce?: number;
  /** Weight of T² · KL(teacher ‖ student) beside it; 0; the paper's "CRD+KD" and SAKD have 1. */
  readonly kd?: number;
  /** T of that KL; 4. */
  readonly kdTemperature?: number;
}

/**
 * CRD: Contrastive Representation Distillation. Tian, Krishnan, Isola, 2020. arXiv:1910.10699. L =
 * ce · CE(s, y) + weight · (ℓ(e_s, M_t) + ℓ(e_t, M_s)), where e are learned embeddings of length 1,
 * M banks with the remembered embeddings of all n training images, and ℓ(e, M) = −log h(e, M_i) −
 * Σ_j log(1 − h(e, M_j)) over the image's own place i and N negatives j, h = P / (P + N/n), P =
 * exp(e · M / τ) / Z (Eq. 17–19; Z is the first batch's). Banks take each batch's embeddings in
 * after its losses. The repositories draw ImageNet's negatives with replacement; here none are.
 */
export function crd<const S extends string = "pooled", const T extends string = "pooled">(
  options: CrdOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">, HardLabels> {
  return contrastive(options, drawn);
}

/** What the samples of a batch are told from. */
export interface Contrast {
  /** Each sample's positive, the position of an image in the training set, int32 [batch]. */
  readonly positive: Tensor;
  /** How often each image is a sample's negative, [batch, images]; `negatives` in all. */
  readonly negatives: Tensor;
}

/** How contrasts are made: for a cast and the options, once, and then for each step. */
export type Contrasts = (
  context: Pick<BuildContext<Net, Teachers>, "create" | "dataset">,
  options: { readonly negatives: number; readonly positive: "exact" | "relax" },
) => (step: Pick<StepContext<Net, Teachers>, "index" | "random"> & HardLabels) => Contrast;

/** `crd` with contrasts that come from elsewhere. */
export function contrastive<const S extends string = "pooled", const T extends string = "pooled">(
  options: CrdOptions<S, T>,
  contrasts: Contrasts,
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">, HardLabels> {
  const { student: learning = "pooled" as S, teacher: teaching = "pooled" as T, dimensions = 128 } =
    options;
  const { negatives = 16384, positive = "exact", temperature = 0.07, momentum = 0.5 } = options;
  const { weight = 0.8, ce = 1, kd = 0, kdTemperature = 4 } = options;
  const taps = { student: learning, teacher: teaching };
  return {
    id: "crd",
    options: {
      ...taps,
      dimensions,
      negatives,
      positive,
      temperature,
      momentum,
      weight,
      ce,
      kd,
      kdTemperature,
    },
    paper: "Contrastive Representation Distillation. Tian, Krishnan, Isola, 2020. arXiv:1910.10699",
    spots: () => [[learning, teaching]],
    build(context) {
      const { create, student, teacher, dataset: { size } } = context;
      const contrast = contrasts(context, { negatives, positive });
      const students = side(create.in("student"), student.shapes[learning], dimensions, size);
      const teachers = side(create.in("teacher"), teacher.shapes[teaching], dimensions, size);
      return (step) => {
        const { student, teacher, index, live, task, mask } = step;
        const given = mask(learning);
        const compared = contrast(step);
        const among = related(given, index);
        const tell = { negatives, temperature };
        const told = (of: Side, embedding: Tensor, against: Side) =>
          tellApart(embedding, live.read(against.bank), live.read(of.z), compared, among, tell);
        const remembered = ({ bank }: Side, embedding: Tensor) =>
          [
            bank,
            remember(live.read(bank), stop(embedding), index, among.chosen, momentum),
          ] as const;
        const learned = students.embed(student.taps[learning], live);
        const taught = teachers.embed(teacher.taps[teaching], live);
        const ours = told(students, learned, teachers);
        const theirs = told(teachers, taught, students);
        return {
          terms: {
            task: [ce, task(student), "task"],
            crd: [weight, masked(tf.add(ours.loss, theirs.loss), given)],
            ...alsoKd({ student, teacher, mask }, { kd, temperature: kdTemperature }),
          },
          writes: [
            [students.z, ours.z],
            [teachers.z, theirs.z],
            remembered(students, learned),
            remembered(teachers, taught),
          ],
        };
      };
    },
  };
}

/** What the student's or the teacher's side has of its own. */
interface Side {
  /** Makes embeddings of length 1, [batch, dimensions], of a tap. */
  readonly embed: (x: Tensor, pass: Pass) => Tensor;
  /** Each image's last embedding, [images, dimensions]. */
  readonly bank: Variable;
  /** Z; 0 until the first batch. */
  readonly z: Variable;
}

function side(create: Create, shape: Shape, dimensions: number, size: number): Side {
  const project = create(dense(dimensions), shape);
  return {
    embed: (x, pass) => unitRows(project(flat(x), pass)),
    bank: create.memory("bank", [size, dimensions], uniform(1 / Math.sqrt(dimensions / 3))),
    z: create.memory("z", [], constant(0)),
  };
}

/**
 * How badly embeddings tell their positives from their negatives in the other side's bank, [batch];
 * and Z, which the first batch's chosen samples set.
 */
function tellApart(
  embedding: Tensor,
  bank: Tensor,
  z: Tensor,
  { positive, negatives }: Contrast,
  { chosen, count }: Related,
  options: { readonly negatives: number; readonly temperature: number },
): { loss: Tensor; z: Tensor } {
  const size = bank.shape[0]!;
  const noise = options.negatives / size;
  const floor = noise + 1e-7;
  const scaled = tf.div(embedding, options.temperature);
  const match = tf.sum(tf.mul(scaled, gather(bank, positive, 0)), -1);
  // Against the whole bank: one product is far less to move than every sample's negatives gathered
  // from it.
  const others = tf.matMul(scaled as Tensor2D, bank as Tensor2D, false, true);
  const overAll = (values: Tensor) => tf.sum(tf.mul(negatives, values), -1);
  const mass = tf.mul(chosen, tf.add(tf.exp(stop(match)), overAll(tf.exp(stop(others)))));
  const first = tf.div(tf.sum(mass), tf.mul(count, (options.negatives + 1) / size));
  const known = tf.where(tf.greater(z, 0), z, first);
  const log = tf.log(tf.mul(tf.where(tf.greater(known, 0), known, tf.onesLike(known)), floor));
  // log h and log(1 − h) as softplus, up to the 1e-7 that the authors add to their denominators.
  const found = tf.softplus(tf.sub(log, match));
  const mistaken = overAll(tf.softplus(tf.sub(others, log)));
  return {
    loss: tf.add(tf.add(found, mistaken), options.negatives * Math.log(floor / noise)),
    z: known,
  };
}

/**
 * A bank after a batch: the rows of chosen samples moved towards their embeddings, those of the
 * last sample of an image.
 */
function remember(
  bank: Tensor,
  embedding: Tensor,
  index: Tensor,
  chosen: Tensor,
  momentum: number,
): Tensor {
  const batch = index.shape[0]!;
  const old = gather(bank, index, 0);
  const moved = unitRows(tf.add(tf.mul(old, momentum), tf.mul(embedding, 1 - momentum)));
  const isSame = tf.cast(tf.equal(tf.reshape(index, [batch, 1]), index), "float32");
  const places = tf.tensor1d(Array.from({ length: batch }, (_, i) => i + 1));
  const last = tf.max(tf.mul(isSame, tf.mul(chosen, places)), -1);
  const latest = gather(moved, tf.cast(tf.maximum(tf.sub(last, 1), 0), "int32"), 0);
  const rows = tf.where(tf.greater(tf.reshape(last, [batch, 1]), 0), latest, old);
  return putRows(bank, index, rows);
}

/**
 * Contrasts at random: negatives of other classes without replacement. Fails (exit 2) where a class
 * has fewer than that.
 */
export function drawn(
  ...[{ dataset }, { negatives, positive }]: Parameters<Contrasts>
): ReturnType<Contrasts> {
  const { size, classes, labels } = dataset;
  const { counts, starts, order } = byClass(labels, classes);
  const most = size - counts.reduce((a, b) => Math.max(a, b), 0);
  if (!(Number.isInteger(negatives) && negatives >= 1 && negatives <= most)) {
    throw new Failure(
      2,
      `crd: ${negatives} negatives cannot be drawn for each image: every class has at least ${most} of the ${size} ` +
        `images outside of it; ask for 1 to ${most}`,
    );
  }
  const ints = (values: Int32Array) => tf.tensor1d(values, "int32");
  return ({ label, index, random }) => {
    const batch = label.shape[0]!;
    const isOther = tf.notEqual(tf.reshape(label, [batch, 1]), ints(labels));
    const others = choose(random.uniform([batch, size]), isOther, negatives);
    if (positive === "exact") return { positive: index, negatives: others };
    const own = gather(ints(counts), label, 0);
    const rank = tf.cast(tf.minimum(tf.mul(random.uniform([batch]), own), tf.sub(own, 1)), "int32");
    return {
      positive: gather(ints(order), tf.add(gather(ints(starts), label, 0), rank), 0),
      negatives: others,
    };
  };
}

/** The images in the order of their classes, where each class starts there and how many it has. */
function byClass(
  labels: Int32Array,
  classes: number,
): Record<"order" | "starts" | "counts", Int32Array> {
  const counts = new Int32Array(classes);
  const starts = new Int32Array(classes);
  for (const label of labels) counts[label]++;
  for (let c = 1; c < classes; c++) starts[c] = starts[c - 1] + counts[c - 1];
  const order = Int32Array.from(labels.keys()).sort((a, b) => labels[a] - labels[b]);
  return { order, starts, counts };
}
