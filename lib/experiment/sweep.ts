import type { Experiment } from "./experiment.ts";
import { Failure } from "../values/failure.ts";
import { stream } from "../values/random.ts";
import type { Experiments } from "./tables.ts";

/** A value that a setting can have. */
export type SweepValue = number | string | boolean;

/** A range of a setting. Random numbers from it are rounded to three significant digits. */
export interface SweepRange {
  /** The lower bound. */
  readonly from: number;
  /** The upper bound. */
  readonly to: number;
  /** Whether the numbers or their logarithms are spread evenly. Default: `linear`, the numbers. */
  readonly scale?: "linear" | "log";
}

/** Settings, each with a list of values. */
export type SweepGrid = { readonly [setting: string]: readonly SweepValue[] };

/** Settings, each with a list of values or a range. */
export type SweepSpace = { readonly [setting: string]: readonly SweepValue[] | SweepRange };

/** A value for each setting. */
export type SweepPoint = { readonly [setting: string]: SweepValue };

/** A value for each setting of the space `S`. */
export type SweepValues<S extends SweepSpace> = {
  readonly [K in keyof S]: S[K] extends readonly (infer V extends SweepValue)[] ? V : number;
};

/** A random choice of points of a space. */
export interface SweepDraw {
  /** The number of points, all different. If the space has fewer, all of them are tried. */
  readonly random: number;
  /**
   * The seed of the choice. With one seed, a larger number of points includes those of a smaller
   * one. Default: 0.
   */
  readonly seed?: number;
}

/** The points of a space to try: all, if every setting has a list of values, or a random choice. */
export type SweepMethod<S extends SweepSpace> = S extends SweepGrid ? "grid" | SweepDraw
  : SweepDraw;

/** Options of `sweep`. */
export interface SweepOptions<S extends SweepSpace> {
  /** The values that each setting can have. */
  readonly space: S;
  /** The points to try: `"grid"`, or e.g. `{ random: 20 }`. */
  readonly method: SweepMethod<S>;
  /**
   * Makes the experiment at a point. Points are compared on the images that its data set holds out.
   */
  readonly make: (values: SweepValues<S>) => Experiment;
}

/** The points of every sweep, by the names of its experiments. */
const sweeps = new WeakMap<Experiments, ReadonlyMap<string, SweepPoint>>();

/**
 * Declares experiments at points of a space, by names such as `kd=0.5,temperature=4`. A module
 * exports them as its default, and `deno task sweep` finds the best. Each is a run and a row of a
 * table like any other. Throws a `Failure` (exit 2) if the space has no points or an experiment
 * holds nothing out: the test set cannot both choose settings and test them.
 *
 * @example
 * ```ts
 * import { experiment, from, kd, resnet20, resnet8, scratch, sgd, sweep } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * const dataset = cifar100({ holdout: 5000 });
 * export const teacher = experiment(import.meta, {
 *   dataset,
 *   student: resnet20,
 *   distiller: scratch(),
 *   schedule: sgd({ epochs: 240, batch: 64, lr: 0.05 }),
 * });
 *
 * export default sweep({
 *   space: { temperature: [2, 4, 8], lr: { from: 0.01, to: 0.2, scale: "log" } },
 *   method: { random: 12 },
 *   make: ({ temperature, lr }) =>
 *     experiment(import.meta, {
 *       dataset,
 *       teacher: from(teacher),
 *       student: resnet8,
 *       distiller: kd({ temperature }),
 *       schedule: sgd({ epochs: 30, batch: 64, lr }),
 *     }),
 * });
 * ```
 */
export function sweep<const S extends SweepSpace>(
  { space, method, make }: SweepOptions<S>,
): Experiments {
  checkSpace(space);
  const all = typeof method === "object"
    ? drawPoints(space, method)
    : listPoints(space as SweepGrid);
  const points = new Map(all.map((point) => [nameOf(point), point]));
  const experiments = Object.fromEntries(
    Array.from(points, ([name, point]) => [name, make(point as SweepValues<S>)]),
  );
  for (const [name, { dataset: { id, holdout } }] of Object.entries(experiments)) {
    if (holdout === 0) {
      throw refusal(
        `${id} holds nothing out at ${name}: set its \`holdout\`, the number of images that points are compared on`,
      );
    }
  }
  sweeps.set(experiments, points);
  return experiments;
}

/**
 * The points of a sweep, by the names of its experiments. `undefined` if `value` is not from
 * `sweep`.
 */
export function pointsOf(value: unknown): ReadonlyMap<string, SweepPoint> | undefined {
  return typeof value === "object" && value !== null ? sweeps.get(value as Experiments) : undefined;
}

const refusal = (problem: string): Failure => new Failure(2, `sweep: ${problem}`);

/**
 * Throws a `Failure` (exit 2) if a setting has no points, or some whose name cannot be a file's.
 */
function checkSpace(space: SweepSpace): void {
  if (Object.keys(space).length === 0) throw refusal("the space has no settings");
  for (const [setting, of] of Object.entries(space)) {
    const wrong = isList(of) ? wrongList(of) : wrongRange(of);
    if (!/^\w+$/.test(setting) || wrong) {
      throw refusal(`\`${setting}\` ${wrong ?? "has to be a name of letters, digits and _"}`);
    }
  }
}

function wrongList(values: readonly SweepValue[]): string | undefined {
  if (values.length === 0) return "has no values";
  if (new Set(values.map(String)).size < values.length) return "has a value twice";
  const odd = values.find((value) => !/^[\w.+-]+$/.test(String(value)) || Number.isNaN(value));
  return odd === undefined
    ? undefined
    : `has the value "${odd}"; use numbers, booleans or texts of letters, digits and . + - _`;
}

function wrongRange({ from, to, scale }: SweepRange): string | undefined {
  if (!(from < to && Number.isFinite(to - from))) {
    return `goes from ${from} to ${to}; \`to\` has to be above \`from\`, both finite`;
  }
  return scale === "log" && from <= 0 ? `starts at ${from}, which has no logarithm` : undefined;
}

function isList(of: SweepSpace[string]): of is readonly SweepValue[] {
  return Array.isArray(of);
}

/** Lists every point; the last setting varies fastest. */
function listPoints(space: SweepGrid): SweepPoint[] {
  return Object.entries(space).reduce<SweepPoint[]>(
    (points, [setting, values]) =>
      points.flatMap((point) => values.map((value) => ({ ...point, [setting]: value }))),
    [{}],
  );
}

/** Draws the number of different points, or lists all if there are no more. */
function drawPoints(space: SweepSpace, { random: count, seed = 0 }: SweepDraw): SweepPoint[] {
  if (!Number.isInteger(count) || count < 1) {
    throw refusal(`\`random\` has to be a number of points, 1 or more, not ${count}`);
  }
  const lists = Object.values(space);
  const size = lists.reduce((all, of) => all * (isList(of) ? of.length : Infinity), 1);
  if (size <= count) return listPoints(space as SweepGrid);
  const points = new Map<string, SweepPoint>();
  for (let i = 0; points.size < count; i++) {
    if (i > 1000 * count) {
      throw refusal(`the space does not have ${count} points that differ in three digits`);
    }
    const point = Object.fromEntries(
      Object.entries(space).map(([setting, of]) => {
        const share = stream(seed, `sweep/${i}/${setting}`).uniform();
        return [setting, isList(of) ? of[Math.floor(share * of.length)] : numberAt(of, share)];
      }),
    );
    points.set(nameOf(point), point);
  }
  return [...points.values()];
}

/** The number at a share of a range, from 0 to 1. */
function numberAt({ from, to, scale }: SweepRange, share: number): number {
  const value = scale === "log" ? from * (to / from) ** share : from + (to - from) * share;
  // The bounds may have more digits.
  return Math.min(to, Math.max(from, Number(value.toPrecision(3))));
}

/** The name of a point; the order of its settings does not matter. */
function nameOf(point: SweepPoint): string {
  return Object.keys(point).sort().map((setting) => `${setting}=${point[setting]}`).join(",");
}
