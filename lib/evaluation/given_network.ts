import type { Tensor } from "../kernels/tensor.ts";
import type { Net, Tap } from "../nn/network.ts";
import type { Pass } from "../nn/pass.ts";
import type { Stage, StageModule } from "../nn/stage.ts";
import { type Shape, sizeOf, type Variables } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";

/** Numbers of any shape, as nested arrays. */
export type GivenNumbers = number | readonly GivenNumbers[];

/**
 * The output of a network at a tap: its numbers, the batch first, [batch, …], or the stage that
 * computes it from the tap before.
 */
export type GivenTap = readonly GivenNumbers[] | Stage;

/** The taps of a network in order. It may have more than the method needs. */
export type GivenTaps<N extends Net> =
  & { readonly [K in Tap<N>]: GivenTap }
  & { readonly [tap: string]: GivenTap };

/** The name of the variable that has a tap's numbers. */
const NUMBERS = "given";

/**
 * A network with these taps. A tap of numbers has them whatever the images, in a variable
 * `<tap>.given`. Throws a `Failure` (exit 2) if numbers are not those of `batch` samples. Its
 * stages throw one if such a tap is run on other features than those of the tap before, because
 * its output is not known then.
 */
export function givenNetwork(taps: GivenTaps<Net>, batch: number): Net {
  const names = Object.keys(taps);
  const recipes = Object.entries(taps).map(([tap, given]) =>
    typeof given === "function" ? given : stageOf(tap, given, batch)
  );
  const stages = (): Record<string, Stage> => {
    /** The tap that each tensor is the output of. */
    const origins = new WeakMap<object, string>();
    const watch = (stage: Stage, i: number): Stage => (...parts) => {
      const module = stage(...parts);
      const run = (...[x, ...rest]: Parameters<StageModule>) => {
        const isKnown = i === 0 || origins.get(x.dataId) === names[i - 1];
        if (!isKnown && typeof taps[names[i]] !== "function") throw unknown(names[i]);
        const output = module(x, ...rest);
        for (const { dataId } of [output.out, output.next ?? output.out]) {
          origins.set(dataId, names[i]);
        }
        return output;
      };
      return Object.assign(run, { ...module });
    };
    return Object.fromEntries(recipes.map((stage, i) => [names[i], watch(stage, i)]));
  };
  return { id: "given", options: {}, stages };
}

/** Whether a variable has the numbers of a tap. */
export function isGiven(variable: string): boolean {
  return variable.endsWith(`.${NUMBERS}`);
}

/** The name of a variable, or that of the student's tap whose numbers it has. */
export function givenName(variable: string): string {
  const isTap = isGiven(variable) && variable.startsWith("student.");
  return isTap ? variable.slice(0, -NUMBERS.length - 1) : variable;
}

function unknown(tap: string): Failure {
  return new Failure(
    2,
    `the method runs the stage ${tap} on features of its own, where the given numbers do not hold: ` +
      `give ${tap} as a stage, as in { logits: stage(dense(classes)) }`,
  );
}

/** A stage whose output is these numbers. */
function stageOf(tap: string, numbers: readonly GivenNumbers[], batch: number): Stage {
  const { shape, data } = readNumbers(tap, numbers);
  if (shape[0] !== batch) {
    throw new Failure(2, `${tap} has ${shape[0]} samples, but there are ${batch} labels`);
  }
  return (create: Variables): StageModule => {
    const value = create.variable(NUMBERS, shape, () => data);
    const run = (_: Tensor, pass: Pass) => ({ out: pass.read(value), pre: pass.read(value) });
    return Object.assign(run, { shape: shape.slice(1), multiplyAdds: 0 });
  };
}

/** Numbers in row-major order, with their shape. */
export interface ReadNumbers {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/**
 * Reads numbers. Throws a `Failure` (exit 2) with the name `what` if
 * rows differ in length.
 */
export function readNumbers(what: string, numbers: GivenNumbers): ReadNumbers {
  const shape = shapeOf(numbers);
  if (!hasShape(numbers, shape)) throw new Failure(2, `the rows of ${what} differ in length`);
  if (sizeOf(shape) === 0) throw new Failure(2, `${what} has no numbers`);
  return { shape, data: Float32Array.from(flatten(numbers)) };
}

/** The lengths of the first rows. */
function shapeOf(numbers: GivenNumbers): number[] {
  if (typeof numbers === "number") return [];
  return [numbers.length, ...numbers.length === 0 ? [] : shapeOf(numbers[0])];
}

function hasShape(numbers: GivenNumbers, [length, ...inside]: Shape): boolean {
  if (typeof numbers === "number") return length === undefined;
  return numbers.length === length && numbers.every((row) => hasShape(row, inside));
}

function flatten(numbers: GivenNumbers): readonly number[] {
  return typeof numbers === "number" ? [numbers] : numbers.flatMap(flatten);
}
