import { Failure } from "../values/failure.ts";
import { lastMap, type Model, type Net } from "./network.ts";
import type { Shape } from "./variables.ts";

/** A tap of the student, and the teacher's tap that it learns from. */
export type TapPair<S extends string, T extends string> = readonly [student: S, teacher: T];

/** What pairs of taps may be. */
export interface PairOptions {
  /**
   * Whether by default the last map is paired with the last, the one before with the one before;
   * else the first with the first.
   */
  readonly fromLast?: boolean;
  /** Whether vectors may be given, not maps only. */
  readonly vectors?: boolean;
}

/**
 * The pairs of maps that a method compares. By default, as the reference implementations zip them,
 * the first map behind each network's stem, then the second, and so on: what the deeper one has
 * more is left out. Throws a `Failure` (exit 2) where there is none, one is no map, or a tap of the
 * student is in two.
 */
export function tapPairs<S extends string, T extends string>(
  student: Model<Net<S>>,
  teacher: Model<Net<T>>,
  given?: readonly TapPair<S, T>[],
  { fromLast = false, vectors = false }: PairOptions = {},
): readonly TapPair<S, T>[] {
  if (given) return checked(student, teacher, given, vectors);
  const ours = behindStem(student);
  const theirs = behindStem(teacher);
  const count = Math.min(ours.length, theirs.length);
  const shared = <Tap>(taps: readonly Tap[]) =>
    fromLast ? taps.slice(taps.length - count) : taps.slice(0, count);
  const paired = shared(theirs);
  return checked(student, teacher, shared(ours).map((tap, i) => [tap, paired[i]]), vectors);
}

/** A pair of taps: of each network the one that is given, else its last map. */
export function lastMaps<S extends string, T extends string>(
  student: Model<Net<S>>,
  teacher: Model<Net<T>>,
  given: { readonly student?: S; readonly teacher?: T },
): TapPair<S, T> {
  return [given.student ?? lastMap(student), given.teacher ?? lastMap(teacher)];
}

const isMap = (shape: Shape): boolean => shape.length === 3;

function behindStem<S extends string>({ shapes }: Model<Net<S>>): S[] {
  const names = Object.keys(shapes) as S[];
  return names.filter((name) => isMap(shapes[name])).slice(1);
}

function checked<S extends string, T extends string>(
  student: Model<Net<S>>,
  teacher: Model<Net<T>>,
  pairs: readonly TapPair<S, T>[],
  vectors: boolean,
): readonly TapPair<S, T>[] {
  const shapes = pairs.flatMap(([s, t]): [string, Shape][] => [
    [`the student's ${s}`, student.shapes[s]],
    [`the teacher's ${t}`, teacher.shapes[t]],
  ]);
  const flat = shapes.find(([, shape]) => !isMap(shape) && !(vectors && shape.length === 1));
  if (flat) {
    throw new Failure(
      2,
      `${flat[0]} is [${flat[1]}], no map of [height, width, channels]: choose other taps`,
    );
  }
  const twice = pairs.find(([s], i) => pairs.some(([other], j) => j < i && other === s));
  if (twice) {
    throw new Failure(2, `the student's ${twice[0]} is in two pairs of taps: pair it once`);
  }
  if (pairs.length > 0) return pairs;
  throw new Failure(
    2,
    `${student.recipe.id} and ${teacher.recipe.id} share no map behind their stems: name pairs of taps`,
  );
}
