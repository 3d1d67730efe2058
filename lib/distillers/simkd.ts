import type { Distiller } from "../experiment/distiller.ts";
import { toSmaller } from "../kernels/adaptive_pool.ts";
import { convNorm } from "../nn/conv.ts";
import { description } from "../nn/description.ts";
import type { Layer } from "../nn/layer.ts";
import { relu, seq } from "../nn/layers.ts";
import { type Classifier, lastMap, type Net, variablesAfter } from "../nn/network.ts";
import { mse } from "../nn/ops.ts";
import { type Stage, stage } from "../nn/stage.ts";
import type { Shape } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { atLeast, checkRanges } from "../values/range.ts";

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
 * the teacher's last map, `projected`, and the stages of `teacher` behind that map. The projector
 * is three convolutions, 1×1, 3×3 and 1×1, each with a norm and a ReLU.
 */
export function withTeachersHead<S extends string>(
  student: Classifier<S>,
  teacher: Classifier,
  { factor = 2 }: HeadOptions = {},
): Classifier<S | "projected"> {
  const width = mapOf(teacher).shape[2];
  const inner = Math.floor(width / factor);
  if (!(inner >= 1)) {
    throw new Failure(2, `simkd: factor has to be greater than 0 and at most ${width}`);
  }
  const reference = ({ id, options }: Net) => ({ id, options });
  return {
    id: `${student.id}+${teacher.id}`,
    options: { student: reference(student), teacher: reference(teacher), factor },
    designSize: student.designSize,
    stages(classes) {
      const body = Object.entries<Stage>(student.stages(classes));
      const head = Object.entries<Stage>(teacher.stages(classes));
      const stages: Record<string, Stage> = Object.fromEntries([
        ...body.slice(0, mapOf(student).position + 1),
        ["projected", stage(projector(inner, width), relu())],
        ...head.slice(mapOf(teacher).position + 1),
      ]);
      // The taps of `student` that its map is computed from, and those behind it by the same names.
      return stages as { [K in S | "projected" | "pooled" | "logits"]: Stage };
    },
  };
}

/** The convolutions of the projector, without its last ReLU. */
function projector(inner: number, width: number): Layer {
  return seq(
    convNorm(inner, { kernel: 1 }),
    relu(),
    convNorm(inner),
    relu(),
    convNorm(width, { kernel: 1 }),
  );
}

/** A network's last map: its place among the stages, and its shape for the network's own images. */
function mapOf(network: Net): { position: number; shape: Shape } {
  const { size = 32, classes = 100 } = network.designSize ?? {};
  const { stages } = description(network, [size, size, 3], classes);
  const position = stages.findLastIndex(({ shape }) => shape.length === 3);
  if (position < 0) throw new Failure(2, `simkd: ${network.id} has no map`);
  return { position, shape: stages[position].shape };
}

/**
 * SimKD: Knowledge Distillation with the Reused Teacher Classifier. Chen et al., 2022.
 * arXiv:2203.14001. L = weight · mean((P(s) − t)²), with the teacher's last map t and the student's
 * projected one. The student is `withTeachersHead(student, teacher)`, whose head does not learn: each
 * step writes the teacher's values to it. If two maps have different sizes, the larger one is
 * average-pooled first; the authors pool a larger map of the student before they project it.
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
): Distiller<Classifier<"projected">, Classifier> {
  return {
    id: "simkd",
    options: checkRanges("simkd", { weight }, { weight: atLeast(0) }),
    paper:
      "Knowledge Distillation with the Reused Teacher Classifier. Chen et al., 2022. arXiv:2203.14001",
    frozenVariables: (student) => variablesAfter(student, ["projected"]),
    build({ student, teacher }) {
      const map = lastMap<Net>(teacher);
      const own = variablesAfter(student, ["projected"]);
      const theirs = variablesAfter<Net>(teacher, [map]);
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
        const taps: { readonly [tap: string]: typeof student.taps.projected } = teacher.taps;
        const [projected, target] = toSmaller(student.taps.projected, taps[map]);
        return {
          terms: { feature: [weight, mse(projected, target)] },
          writes: own.map((variable, i) => [variable, frozen.read(theirs[i])] as const),
        };
      };
    },
  };
}
