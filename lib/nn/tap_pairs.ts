import { Failure } from "../values/failure.ts";
import { lastMap, type Model, type Net } from "./network.ts";
import type { Shape } from "./variables.ts";

/** A tap of the student and the tap of the teacher that it learns from. */
export type TapPair<S extends string, T extends string> = readonly [student: S, teacher: T];

/** Options of `tapPairs`. */
export interface PairOptions {
  /**
   * Whether to pair the last map with the last, the one before with the one before, and so on; else
   * the first with the first. Default: no.
   */
  readonly fromLast?: boolean;
  /** Whether taps may be vectors too, not maps only. Default: no. */
  readonly vectors?: boolean;
  /** Whether each pair has to be after the one before it in both networks. Default: no. */
  readonly ordered?: boolean;
}

/**
 * The pairs of maps that a method compares. Throws a `Failure` (exit 2) if there is none, a tap is
 * not a map, a tap of the student is in two pairs or a pair is out of order. Default: the first map
 * after each network's stem, then the second, and so on, as the reference implementations zip them,
 * without the surplus maps of the deeper network.
 */
export function tapPairs<S extends string, T extends string>(
  student: Model<Net<S>>,
  teacher: Model<Net<T>>,
  pairs?: readonly TapPair<S, T>[],
  { fromLast = false, vectors = false, ordered = false }: PairOptions = {},
): readonly TapPair<S, T>[] {
  if (pairs?.length === 0) throw new Failure(2, "`taps` is empty: name pairs, or leave it out");
  if (pairs) return checkPairs(student, teacher, pairs, { vectors, ordered });
  const studentMaps = mapsAfterStem(student);
  const teacherMaps = mapsAfterStem(teacher);
  const count = Math.min(studentMaps.length, teacherMaps.length);
  if (count === 0) {
    throw new Failure(
      2,
      `${student.recipe.id} and ${teacher.recipe.id} share no map after their stems: ` +
        "name pairs of taps",
    );
  }
  const limit = <Tap>(taps: readonly Tap[]) =>
    fromLast ? taps.slice(taps.length - count) : taps.slice(0, count);
  const teacherTaps = limit(teacherMaps);
  return checkPairs(
    student,
    teacher,
    limit(studentMaps).map((tap, i) => [tap, teacherTaps[i]]),
    { vectors, ordered },
  );
}

/** The pair of taps in `taps`. Default of each: the network's last map. */
export function lastMaps<S extends string, T extends string>(
  student: Model<Net<S>>,
  teacher: Model<Net<T>>,
  taps: { readonly student?: S; readonly teacher?: T },
): TapPair<S, T> {
  return [taps.student ?? lastMap(student), taps.teacher ?? lastMap(teacher)];
}

const mapsAfterStem = <S extends string>({ maps }: Model<Net<S>>): readonly S[] => maps.slice(1);

function checkPairs<S extends string, T extends string>(
  student: Model<Net<S>>,
  teacher: Model<Net<T>>,
  pairs: readonly TapPair<S, T>[],
  { vectors, ordered }: Required<Pick<PairOptions, "vectors" | "ordered">>,
): readonly TapPair<S, T>[] {
  const taps = pairs.flatMap(([s, t]): [string, Shape, isMap: boolean][] => [
    [`the student's ${s}`, student.shapes[s], student.maps.includes(s)],
    [`the teacher's ${t}`, teacher.shapes[t], teacher.maps.includes(t)],
  ]);
  const nonMap = taps.find(([, shape, isMap]) => !isMap && !(vectors && shape.length === 1));
  if (nonMap) {
    throw new Failure(
      2,
      `${nonMap[0]} is [${nonMap[1]}], not a map [height, width, channels]: choose another tap`,
    );
  }
  const duplicate = pairs.find(([s], i) => pairs.some(([other], j) => j < i && other === s));
  if (duplicate) {
    throw new Failure(2, `the student's ${duplicate[0]} is in two pairs of taps: pair it once`);
  }
  if (ordered) checkOrder(student, teacher, pairs);
  return pairs;
}

function checkOrder<S extends string, T extends string>(
  student: Model<Net<S>>,
  teacher: Model<Net<T>>,
  pairs: readonly TapPair<S, T>[],
): void {
  const place = ({ shapes }: Model<Net<S>> | Model<Net<T>>, tap: string) =>
    Object.keys(shapes).indexOf(tap);
  pairs.slice(1).forEach(([s, t], i) => {
    const [s0, t0] = pairs[i];
    if (place(student, s) > place(student, s0) && place(teacher, t) >= place(teacher, t0)) return;
    throw new Failure(
      2,
      `the pair ${s}, ${t} of taps is not after the pair ${s0}, ${t0} before it: ` +
        "name pairs in the order of both networks' stages",
    );
  });
}
