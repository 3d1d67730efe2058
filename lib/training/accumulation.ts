import * as tf from "@tensorflow/tfjs";
import type { Gradients } from "../experiment/optimizer.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { constant, type Update, type Variable, type Variables } from "../nn/variables.ts";

/** The sums of gradients over the parts of a batch. All are 0 between two updates. */
export interface Accumulation {
  /** The number of parts; see `AroundUpdate.accumulate`. */
  readonly parts: number;
  /** The sum over the images of each variable's gradient. */
  readonly sums: ReadonlyMap<Variable, Variable>;
  /** The number of these images, a scalar. */
  readonly images: Variable;
}

/** The sums of gradients over images, by group of terms, and the number of these images. */
export interface GradientSums {
  readonly gradients: readonly Gradients[];
  readonly images: Tensor;
}

/** Makes the sums for `parts` parts of a batch. */
export function accumulation(
  parts: number,
  trainable: readonly Variable[],
  create: Variables,
): Accumulation {
  const zero = (scope: Variables, name: string, shape: Variable["shape"]) =>
    scope.variable(name, shape, constant(0), { trainable: false });
  const scope = create.in("sum");
  const sums = trainable.map((one) => [one, zero(scope, one.name, one.shape)] as const);
  return { parts, sums: new Map(sums), images: zero(create, "images", []) };
}

/** The sums so far and those of one more part, whose terms are one group. */
export function addPart(
  { sums, images }: Accumulation,
  trainable: readonly Variable[],
  part: GradientSums,
): GradientSums {
  const [gradients] = part.gradients;
  const add = (variable: Variable, gradient: Tensor) => tf.add(sums.get(variable)!.value, gradient);
  return {
    gradients: [trainable.map((variable, i) => gradients[i] && add(variable, gradients[i]))],
    images: tf.add(images.value, part.images),
  };
}

/** The updates that keep sums for the next part. */
export function keepSums(
  { sums, images }: Accumulation,
  trainable: readonly Variable[],
  next: GradientSums,
): Update[] {
  const [gradients] = next.gradients;
  return [
    { kind: "assign", variable: images, value: next.images },
    ...trainable.flatMap((variable, i): Update[] => {
      const value = gradients[i];
      return value ? [{ kind: "assign", variable: sums.get(variable)!, value }] : [];
    }),
  ];
}

/** The updates that set the sums of variables that terms reach to 0, after the last part. */
export function clearSums(
  { sums, images }: Accumulation,
  reached: Iterable<Variable>,
): Update[] {
  return [images, ...Array.from(reached, (variable) => sums.get(variable)!)].map((variable) => ({
    kind: "assign",
    variable,
    value: tf.fill([...variable.shape], 0),
  }));
}
