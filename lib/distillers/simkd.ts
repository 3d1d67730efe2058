import type { Distiller } from "../experiment/distiller.ts";
import { adaptivePool, toSmaller } from "../kernels/adaptive_pool.ts";
import { convNorm } from "../nn/conv.ts";
import { description } from "../nn/description.ts";
import { type Layer, module } from "../nn/layer.ts";
import { relu, seq } from "../nn/layers.ts";
import {
  type Classifier,
  type Convolutional,
  lastMap,
  type Net,
  type SingleHead,
  variablesAfter,
} from "../nn/network.ts";
import { mse } from "../nn/ops.ts";
import { type Stage, stage } from "../nn/stage.ts";
import type { Shape } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { above, atLeast, checkRange, checkRanges } from "../values/range.ts";
import { handingHeadMap, headMap } from "./parts/head_map.ts";

/** Options of `withTeachersHead`. */
export interface HeadOptions {
  /**
   * The projector's inner width is the number of the teacher's channels divided by this. Default: 2
   * (the authors).
   */
  readonly factor?: number;
}

/** Options of `simkd`. */
export interface SimkdOptions {
  /** Weight of the matched maps. Default: 1 (the authors). */
  readonly weight?: number;
}

/**
 * The student of SimKD: the stages of `student` up to its last map, a projector to the channels of
 * the teacher's last map, `projected`, and the stages of `teacher` after that map. The projector
 * is three convolutions, 1×1, 3×3 and 1×1, each with a norm and a ReLU. Before it, a map that is
 * larger than the teacher's is average-pooled to its size. Of a wide ResNet, the last map is the
 * one after the last norm and ReLU, which the head averages.
 */
export function withTeachersHead<S extends string>(
  student: Classifier<S> & SingleHead,
  teacher: Classifier & Convolutional,
  { factor = 2 }: HeadOptions = {},
): Classifier<S | "projected"> {
  checkRange("withTeachersHead", "factor", factor, above(0));
  const size = student.designSize?.size ?? 32;
  const [body, head] = [student, teacher].map((network) => mapOf(network, [size, size, 3]));
  const width = head.shape[2];
  const inner = Math.floor(width / factor);
  if (inner < 1) throw new Failure(2, `withTeachersHead: \`factor\` has to be at most ${width}`);
  const reference = ({ id, options }: Net) => ({ id, options });
  return {
    id: `${student.id}+${teacher.id}`,
    options: { student: reference(student), teacher: reference(teacher), factor },
    designSize: student.designSize,
    stages(classes, image) {
      const own = Object.entries<Stage>(student.stages(classes, image));
      const [tap, last] = own[body.position];
      const [rows, columns] = mapOf(teacher, image, classes).shape;
      const stages: Record<string, Stage> = Object.fromEntries([
        ...own.slice(0, body.position),
        [tap, handingHeadMap(last)],
        ["projected", stage(projector(rows, columns, inner, width), relu())],
        ...Object.entries<Stage>(teacher.stages(classes, image)).slice(head.position + 1),
      ]);
      // The taps of `student` that its map is computed from, and those after it by the same names.
      return stages as { [K in S | "projected" | "pooled" | "logits"]: Stage };
    },
  };
}

/**
 * The convolutions of the projector, without its last ReLU, on a map of at most `rows` and `columns`,
 * the teacher's.
 */
function projector(rows: number, columns: number, inner: number, width: number): Layer {
  return (create, from) => {
    const isLarger = from[0] > rows || from[1] > columns;
    const layers = seq(
      ...isLarger ? [shrink(rows, columns)] : [],
      convNorm(inner, { kernel: 1 }),
      relu(),
      convNorm(inner),
      relu(),
      convNorm(width, { kernel: 1 }),
    );
    return layers(create, from);
  };
}

/** Averages a map to at most so many rows and columns. */
function shrink(rows: number, columns: number): Layer {
  return (_, [height, width, channels]) => {
    const to = [Math.min(height, rows), Math.min(width, columns)] as const;
    return module((x) => adaptivePool(x, ...to), [...to, channels]);
  };
}

/**
 * A network's last map: its place among the stages, and its shape for images of this shape. Throws a
 * `Failure` (exit 2) if there is none.
 */
function mapOf(
  network: Net,
  image: Shape,
  classes = network.designSize?.classes ?? 100,
): { position: number; shape: Shape } {
  const { stages } = description(network, image, classes);
  const position = stages.findLastIndex(({ shape }) => shape.length === 3);
  if (position < 0) throw new Failure(2, `simkd: ${network.id} has no map`);
  return { position, shape: stages[position].shape };
}

/**
 * SimKD: Knowledge Distillation with the Reused Teacher Classifier. Chen et al., 2022.
 * arXiv:2203.14001. L = weight · mean((P(s) − t)²), with the teacher's last map t and the student's
 * projected one. The student is `withTeachersHead(student, teacher)`, whose head does not learn: each
 * step writes the teacher's values to it. If the two maps have different sizes, the larger one is
 * average-pooled.
 *
 * @example
 * ```ts
 * import { experiment, from, resnet20, resnet8, scratch, sgd, simkd, withTeachersHead } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * const shared = { dataset: cifar100(), schedule: sgd({ epochs: 240, batch: 64, lr: 0.05 }) };
 * export const teacher = experiment(import.meta, {
 *   ...shared,
 *   student: resnet20,
 *   distiller: scratch(),
 * });
 * export const student = experiment(import.meta, {
 *   ...shared,
 *   teacher: from(teacher),
 *   student: withTeachersHead(resnet8, resnet20),
 *   distiller: simkd(),
 * });
 * ```
 */
export function simkd(
  { weight = 1 }: SimkdOptions = {},
): Distiller<Classifier<"projected">, Classifier & Convolutional> {
  return {
    id: "simkd",
    options: checkRanges("simkd", { weight }, { weight: atLeast(0) }),
    paper:
      "Knowledge Distillation with the Reused Teacher Classifier. Chen et al., 2022. arXiv:2203.14001",
    frozenVariables: (student) => variablesAfter(student, ["projected"]),
    build({ student, teacher }) {
      const map = lastMap<Net>(teacher);
      const own = variablesAfter(student, ["projected"]);
      const later = variablesAfter<Net>(teacher, [map]);
      // In a wide ResNet they begin with the norm that belongs to the map here.
      const theirs = later.slice(Math.max(0, later.length - own.length));
      const fits = own.length === theirs.length &&
        own.every(({ shape }, i) => String(shape) === String(theirs[i].shape));
      if (!fits) {
        throw new Failure(
          2,
          `simkd: the head of ${student.recipe.id} is not that of ${teacher.recipe.id}: ` +
            "make the student by withTeachersHead(student, teacher)",
        );
      }
      return ({ student, teacher, frozen }) => {
        const [projected, target] = toSmaller(student.taps.projected, headMap<Net>(teacher, map));
        return {
          terms: { feature: [weight, mse(projected, target)] },
          writes: own.map((variable, i) => [variable, frozen.read(theirs[i])] as const),
        };
      };
    },
  };
}
