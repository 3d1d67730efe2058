/** The test of every method that takes masks. */
import { assert } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  type Distiller,
  type SeveralTeachers,
  type StepContext,
  withMemory,
} from "../../lib/experiment/distiller.ts";
import type { Net, Tap } from "../../lib/nn/network.ts";
import { stream } from "../../lib/values/random.ts";
import { type Shape, sizeOf, type Variable } from "../../lib/nn/variables.ts";
import { assembleStep, firstStep } from "./assemble_step.ts";
import { open } from "./engines.ts";
import { networkOfVariables } from "./network_of_variables.ts";
import { norm } from "./tolerance.ts";

/** Masks of five samples, 1 for those that learn. */
const MASKS = [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 0, 0, 1], [1, 0, 1, 1, 1], [1, 1, 1, 1, 1]];
const ALL = [0, 1, 2, 3, 4];
const CLASSES = 5;

/** The taps' shapes for one sample. */
export interface Taps<S extends string, T extends string> {
  readonly student: { readonly [K in S]: Shape };
  /** The shapes of the teacher, or of each teacher. */
  readonly teacher: { readonly [K in T]: Shape } | readonly { readonly [K in T]: Shape }[];
  /** The taps that report a norm. Default: none. */
  readonly normed?: readonly string[];
}

/** A method between such taps, with one teacher, several or none. */
type Masked<S extends string, T extends string> =
  | Distiller<Net<S>, Net<T>, never>
  | Distiller<Net<S>, SeveralTeachers<Net<T>>, never>
  | Distiller<Net<S>, undefined, never>;

/** Values of a method's own terms and gradients of the variables that they reach, by name. */
type Measured = ReadonlyMap<string, Float32Array>;

/**
 * Either all samples differ, or two are the same for the student and two are all 0 for both
 * networks.
 */
export type Samples = "different" | "degenerate";

/**
 * Registers a test of the method's own terms (all but `task`) at spots with a mask. The terms and
 * their gradients with respect to the student's taps and the method's own weights equal those of
 * the gathered sub-batch times its share of the batch, and are finite. The masks have none, one,
 * two, most and all samples of a batch.
 */
export function masks<S extends string, T extends string>(
  name: string,
  distiller: () => Masked<S, T>,
  taps: Taps<S, T>,
  samples: Samples = "different",
): void {
  const measured = (rows: readonly number[], mask?: readonly number[]) =>
    measure(distiller(), taps, samples, rows, mask);
  Deno.test(`${name}: a masked loss is the sub-batch's loss times its share, ${samples} samples`, async () => {
    const whole = await measured(ALL);
    const largest = Math.max(...Array.from(whole.values(), norm));
    for (const mask of MASKS) {
      const rows = ALL.filter((i) => mask[i] === 1);
      const share = rows.length / ALL.length;
      const ours = await measured(ALL, mask);
      const gathered = rows.length > 0 ? await measured(rows) : new Map<string, Float32Array>();
      for (const [what, values] of ours) {
        const expected = spread(
          gathered.get(what),
          values.length,
          isPerSample(what) ? rows : undefined,
        )
          .map((value) => share * value);
        const off = norm(values.map((value, i) => value - expected[i]));
        // The gradient of a bias before a norm is rounding alone.
        const allowed = Math.max(
          1e-4 * norm(expected),
          1e-4 * norm(whole.get(what)!),
          1e-5 * largest,
        );
        assert(off <= allowed, `[${mask}] ${what}: ${off} away, ${allowed} allowed`);
      }
    }
  });
}

const isPerSample = (name: string): boolean => name.startsWith("student.");

/**
 * Puts the values of the samples `rows` at their places in the whole batch, with zeros elsewhere.
 * Returns `values` if `rows` is `undefined`.
 */
function spread(
  values: Float32Array | undefined,
  length: number,
  rows: readonly number[] | undefined,
): Float32Array {
  const out = new Float32Array(length);
  const each = length / ALL.length;
  if (!values) return out;
  if (!rows) return values;
  rows.forEach((row, i) => out.set(values.subarray(i * each, (i + 1) * each), row * each));
  return out;
}

async function measure<S extends string, T extends string>(
  distiller: Masked<S, T>,
  { student, teacher, normed }: Taps<S, T>,
  samples: Samples,
  rows: readonly number[],
  mask?: readonly number[],
): Promise<Measured> {
  type Shapes = { readonly [tap: string]: Shape };
  const network = (shapes: Shapes) =>
    networkOfVariables(
      Object.fromEntries(
        Object.entries(shapes).map(([tap, shape]) => [tap, [rows.length, ...shape]]),
      ),
      normed,
    );
  const draw = (who: string, shapes: Shapes) =>
    Object.entries(shapes).map(([tap, shape]) => {
      const variable = `${who}.${tap}.value`;
      return [
        variable,
        Float32Array.from(rows.flatMap((row) => sample(variable, row, shape, samples))),
      ] as const;
    });
  const teachers = Array.isArray(teacher)
    ? teacher.flatMap((shapes, i) => draw(`teacher${i + 1}`, shapes))
    : draw("teacher1", teacher as Shapes);
  const made = assembleStep({
    student: network(student) as Net<S>,
    teacher: (Array.isArray(teacher) ? teacher.map(network) : network(teacher as Shapes)) as Net<T>,
    distiller: keepOwnTerms(distiller as Distiller<Net<S>, Net<T>, never>, mask),
    image: [1, 1, 1],
    classes: CLASSES,
    values: new Map([...draw("student", student), ...teachers]),
  });
  const engine = await open("cpu");
  const label = Int32Array.from(rows, (row) => row % CLASSES);
  const image = { shape: [rows.length, 1, 1, 1], data: new Float32Array(rows.length) };
  const starts = roundBiases(made.trainable);
  const { values, after } = await firstStep(engine, made)(
    image,
    label,
    starts,
    Int32Array.from(rows),
  );
  engine.close();
  const terms = Object.entries(values.terms);
  const gradients = made.trainable.filter(({ fixed }) => !fixed).map(
    (variable): [string, Float32Array] => {
      const gradient = after(variable.name);
      const start = starts.get(variable.name) ?? variable.initial();
      // A variable that no term reaches keeps its value.
      return [
        variable.name,
        gradient.every((value, i) => value === start[i]) ? gradient.fill(0) : gradient,
      ];
    },
  );
  return new Map([...terms, ...gradients]);
}

/**
 * Rounds biases to a 256th. For a sample of zeros a norm sees the biases alone, and its mean of
 * equal numbers is then exact. Otherwise the rounding of the mean would decide the gradient.
 */
function roundBiases(variables: readonly Variable[]): Map<string, Float32Array> {
  const biases = variables.filter(({ name }) => name.endsWith(".bias"));
  return new Map(
    biases.map((
      { name, initial },
    ) => [name, initial().map((value) => Math.round(256 * value) / 256)]),
  );
}

function sample(variable: string, row: number, shape: Shape, samples: Samples): number[] {
  const isDegenerate = samples === "degenerate";
  const isTwin = isDegenerate && row === 4 && variable.startsWith("student.");
  const random = stream(3, `${variable}/${isTwin ? 1 : row}`);
  const isEmpty = isDegenerate && (row === 2 || row === 3);
  return Array.from({ length: sizeOf(shape) }, () => isEmpty ? 0 : random.normal());
}

/** Gives the method `mask` at every spot and drops its task term. */
function keepOwnTerms<S extends Net, T extends Net>(
  distiller: Distiller<S, T, never>,
  mask?: readonly number[],
): Distiller<S, T, never> {
  return {
    ...distiller,
    build(context) {
      const loss = distiller.build(context);
      return (step: StepContext<S, T>) => {
        const at = (spot: Tap<S>) => {
          assert(context.student.shapes[spot], "the student has no tap with the name of this spot");
          return mask && tf.tensor1d([...mask]);
        };
        const { task: _, ...terms } = withMemory(loss({ ...step, mask: at } as never)).terms;
        return terms;
      };
    },
  };
}
