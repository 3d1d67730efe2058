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
import { replaceRows } from "../kernels/replace_rows.ts";
import { type Random, randomIntegers } from "../kernels/random_uniform.ts";
import { rowProducts } from "../kernels/row_products.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { dense } from "../nn/layers.ts";
import type { Net } from "../nn/network.ts";
import {
  applyMask,
  flatten,
  type Related,
  selectRelated,
  stopGradient,
  unitRows,
} from "../nn/ops.ts";
import type { Pass } from "../nn/pass.ts";
import { constant, type Shape, sizeOf, uniform, type Variable } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { alsoKd } from "./parts/also_kd.ts";
import { above, atLeast, below1, checkRanges, whole } from "../values/range.ts";

/** Options of `crd`. */
export interface CrdOptions<S extends string, T extends string> {
  /** The student's tap. Default: `pooled` (RepDistiller, mdistiller, SAKD). */
  readonly student?: S;
  /** The teacher's tap. Default: `pooled`. */
  readonly teacher?: T;
  /** Length of both embeddings. Default: 128. */
  readonly dimensions?: number;
  /**
   * N, the number of negatives of each sample. Each step draws them from the images of other
   * classes: without replacement, but with replacement from a training set of more than 262,144
   * images. Default: 16384.
   */
  readonly negatives?: number;
  /**
   * The positive of each sample: its own image (`exact`) or a random image of its class (`relax`).
   * Default: `exact`.
   */
  readonly positive?: "exact" | "relax";
  /** τ, the divisor of the similarities. Default: 0.07. */
  readonly temperature?: number;
  /** Share that an image's stored embedding keeps when a batch updates it. Default: 0.5. */
  readonly momentum?: number;
  /** Weight of the contrastive loss. Default: 0.8 (RepDistiller, mdistiller, SAKD). */
  readonly weight?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
  /** Weight of T² · KL(teacher ‖ student). Default: 0 (the paper's "CRD+KD" and SAKD have 1). */
  readonly kd?: number;
  /** T of that KL. Default: 4. */
  readonly kdTemperature?: number;
}

/**
 * CRD: Contrastive Representation Distillation. Tian, Krishnan, Isola, 2020. arXiv:1910.10699. L =
 * ce · CE(s, y) + weight · (ℓ(e_s, M_t) + ℓ(e_t, M_s)). e are learned embeddings of length 1. M are
 * banks of stored embeddings, one for each of the n training images. ℓ(e, M) = −log h(e, M_i) − Σ_j
 * log(1 − h(e, M_j)) over the positive i and N negatives j, with h = P / (P + N/n) and P = exp(e ·
 * M / τ) / Z (Eq. 17–19; the first batch sets Z). Banks store each batch's embeddings after its
 * losses. As in the repositories, ImageNet's negatives are drawn with replacement.
 */
export function crd<const S extends string = "pooled", const T extends string = "pooled">(
  options: CrdOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">, HardLabels> {
  return contrastive(options, drawContrasts);
}

/** Positives and negatives of the samples of a batch. */
export interface Contrast {
  /** Each sample's positive, as an image's index in the training set, int32 [batch]. */
  readonly positive: Tensor;
  readonly negatives: Negatives;
}

/**
 * The negatives of the samples of a batch, `negatives` of each. `counts`: how often each image is
 * one, [batch, images]. `indices`: the images' indices in the training set, int32 [batch,
 * negatives], which takes no memory for the other images.
 */
export type Negatives = { readonly counts: Tensor } | { readonly indices: Tensor };

/** Makes contrasts: once from a build context and the options, then for each step. */
export type MakeContrasts = (
  context: Pick<BuildContext<Net, Teachers>, "create" | "dataset">,
  options: { readonly negatives: number; readonly positive: "exact" | "relax" },
) => (step: Pick<StepContext<Net, Teachers>, "index" | "random"> & HardLabels) => Contrast;

/** `crd` with contrasts from another source. */
export function contrastive<const S extends string = "pooled", const T extends string = "pooled">(
  options: CrdOptions<S, T>,
  contrasts: MakeContrasts,
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">, HardLabels> {
  const {
    student: studentTap = "pooled" as S,
    teacher: teacherTap = "pooled" as T,
    dimensions = 128,
  } = options;
  const { negatives = 16384, positive = "exact", temperature = 0.07, momentum = 0.5 } = options;
  const { weight = 0.8, ce = 1, kd = 0, kdTemperature = 4 } = options;
  const taps = { student: studentTap, teacher: teacherTap };
  return {
    id: "crd",
    options: checkRanges("crd", {
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
    }, {
      dimensions: whole(),
      negatives: whole(),
      temperature: above(0),
      momentum: below1,
      weight: atLeast(0),
      ce: atLeast(0),
      kd: atLeast(0),
      kdTemperature: above(0),
    }),
    paper: "Contrastive Representation Distillation. Tian, Krishnan, Isola, 2020. arXiv:1910.10699",
    spots: () => [[studentTap, teacherTap]],
    build(context) {
      const { create, student, teacher, dataset: { size } } = context;
      const makeContrast = contrasts(context, { negatives, positive });
      const students = side(create.in("student"), student.shapes[studentTap], dimensions, size);
      const teachers = side(create.in("teacher"), teacher.shapes[teacherTap], dimensions, size);
      return (step) => {
        const { student, teacher, index, live, task, mask } = step;
        const spotMask = mask(studentTap);
        const contrast = makeContrast(step);
        const samples = selectRelated(spotMask, index);
        const settings = { negatives, temperature };
        const compare = (of: Side, embedding: Tensor, { bank }: Side) =>
          contrastiveLoss(embedding, live.read(bank), live.read(of.z), contrast, samples, settings);
        const writeBank = ({ bank }: Side, embedding: Tensor) =>
          [
            bank,
            updateBank(live.read(bank), stopGradient(embedding), index, samples.chosen, momentum),
          ] as const;
        const studentEmbedding = students.embed(student.taps[studentTap], live);
        const teacherEmbedding = teachers.embed(teacher.taps[teacherTap], live);
        const studentLoss = compare(students, studentEmbedding, teachers);
        const teacherLoss = compare(teachers, teacherEmbedding, students);
        return {
          terms: {
            task: [ce, task(student), "task"],
            crd: [weight, applyMask(tf.add(studentLoss.loss, teacherLoss.loss), spotMask)],
            ...alsoKd({ student, teacher, mask }, { kd, temperature: kdTemperature }),
          },
          writes: [
            [students.z, studentLoss.z],
            [teachers.z, teacherLoss.z],
            writeBank(students, studentEmbedding),
            writeBank(teachers, teacherEmbedding),
          ],
        };
      };
    },
  };
}

/** One side of the loss, the student's or the teacher's. */
interface Side {
  /** Embeds a tap: unit vectors, [batch, dimensions]. */
  readonly embed: (x: Tensor, pass: Pass) => Tensor;
  /** Each image's last embedding, [images, dimensions]. */
  readonly bank: Variable;
  /** Z, 0 before the first batch. */
  readonly z: Variable;
}

function side(create: Create, shape: Shape, dimensions: number, size: number): Side {
  const project = create(dense(dimensions), [sizeOf(shape)]);
  return {
    embed: (x, pass) => unitRows(project(flatten(x), pass)),
    bank: create.memory("bank", [size, dimensions], uniform(1 / Math.sqrt(dimensions / 3))),
    z: create.memory("z", [], constant(0)),
  };
}

/**
 * The contrastive loss of embeddings against the other side's bank, [batch], and Z. The first
 * batch's chosen samples set Z.
 */
function contrastiveLoss(
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
  const match = tf.sum(tf.mul(scaled, tf.gather(bank, positive, 0)), -1);
  const others = similarities(scaled, bank, negatives);
  const overAll = (values: Tensor) =>
    tf.sum("counts" in negatives ? tf.mul(negatives.counts, values) : values, -1);
  const mass = tf.mul(
    chosen,
    tf.add(tf.exp(stopGradient(match)), overAll(tf.exp(stopGradient(others)))),
  );
  const first = tf.div(tf.sum(mass), tf.mul(count, (options.negatives + 1) / size));
  const nextZ = tf.where(tf.greater(z, 0), z, first);
  const log = tf.log(tf.mul(tf.where(tf.greater(nextZ, 0), nextZ, tf.onesLike(nextZ)), floor));
  // −log h and −log(1 − h) as softplus, up to the 1e-7 that the authors add to their denominators.
  const positiveLoss = tf.softplus(tf.sub(log, match));
  const negativeLoss = overAll(tf.softplus(tf.sub(others, log)));
  return {
    loss: tf.add(tf.add(positiveLoss, negativeLoss), options.negatives * Math.log(floor / noise)),
    z: nextZ,
  };
}

/** The similarities of embeddings with all images, or with the negatives that have indices. */
function similarities(scaled: Tensor, bank: Tensor, negatives: Negatives): Tensor {
  if ("indices" in negatives) return rowProducts(scaled, bank, negatives.indices);
  // One product with the whole bank moves far less data than gathering each sample's negatives.
  return tf.matMul(scaled as Tensor2D, bank as Tensor2D, false, true);
}

/**
 * A bank after a batch: the rows of chosen samples move towards their embeddings. If an image has
 * several samples, the last one counts.
 */
function updateBank(
  bank: Tensor,
  embedding: Tensor,
  index: Tensor,
  chosen: Tensor,
  momentum: number,
): Tensor {
  const batch = index.shape[0]!;
  const old = tf.gather(bank, index, 0);
  const updates = unitRows(tf.add(tf.mul(old, momentum), tf.mul(embedding, 1 - momentum)));
  const isSame = tf.cast(tf.equal(tf.reshape(index, [batch, 1]), index), "float32");
  const places = tf.tensor1d(Array.from({ length: batch }, (_, i) => i + 1));
  const last = tf.max(tf.mul(isSame, tf.mul(chosen, places)), -1);
  const latest = tf.gather(updates, tf.cast(tf.maximum(tf.sub(last, 1), 0), "int32"), 0);
  const rows = tf.where(tf.greater(tf.reshape(last, [batch, 1]), 0), latest, old);
  return replaceRows(bank, index, rows);
}

/** The most images of a training set from which negatives are drawn without replacement. */
const MOST_CHOSEN = 2 ** 18;

/**
 * Random contrasts: negatives of other classes, without replacement as `counts` or, from more than
 * `mostChosen` images, with replacement as `indices`. Throws a `Failure` (exit 2) if fewer images
 * than `negatives` are outside the largest class.
 */
export function drawContrasts(
  { dataset }: Parameters<MakeContrasts>[0],
  { negatives, positive }: Parameters<MakeContrasts>[1],
  mostChosen: number = MOST_CHOSEN,
): ReturnType<MakeContrasts> {
  const { size, classes, labels } = dataset;
  const { counts, starts, order } = byClass(labels, classes);
  const most = size - counts.reduce((a, b) => Math.max(a, b), 0);
  if (negatives > most) {
    throw new Failure(
      2,
      `crd cannot draw ${negatives} negatives for each image: the largest class has ${most} of the ${size} images ` +
        `outside it. Choose 1 to ${most}`,
    );
  }
  const ints = (values: Int32Array) => tf.tensor1d(values, "int32");
  const choices = (label: Tensor, random: Random): Negatives => {
    const isOther = tf.notEqual(tf.reshape(label, [label.size, 1]), ints(labels));
    return { counts: choose(random.uniform([label.size, size]), isOther, negatives) };
  };
  const draws = (label: Tensor, random: Random): Negatives => {
    const column = (values: Int32Array) => tf.reshape(tf.gather(ints(values), label, 0), [-1, 1]);
    const own = column(counts);
    const others = tf.sub(tf.scalar(size, "int32"), own);
    const rank = randomIntegers(random, [label.size, negatives], others);
    const isBehind = tf.cast(tf.greaterEqual(rank, column(starts)), "int32");
    return { indices: tf.gather(ints(order), tf.add(rank, tf.mul(isBehind, own)), 0) };
  };
  const draw = size > mostChosen ? draws : choices;
  return ({ label, index, random }) => {
    const others = draw(label, random);
    if (positive === "exact") return { positive: index, negatives: others };
    const own = tf.gather(ints(counts), label, 0);
    const rank = tf.cast(
      tf.minimum(tf.mul(random.uniform([label.size]), own), tf.sub(own, 1)),
      "int32",
    );
    return {
      positive: tf.gather(ints(order), tf.add(tf.gather(ints(starts), label, 0), rank), 0),
      negatives: others,
    };
  };
}

/**
 * The images in the order of their classes, the start of each class in that order, and its size.
 */
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
