import type { Experiment } from "./experiment.ts";
import { Failure } from "../values/failure.ts";
import { stream } from "../values/random.ts";
import type { Experiments } from "./tables.ts";

/** A value that a setting can have. */
export type SweepValue = number | string | boolean;

/** A range that numbers are drawn from; they are rounded to three digits. */
export interface SweepRange {
  /** The least. */
  readonly from: number;
  /** The most. */
  readonly to: number;
  /** What is spread evenly: the numbers, `linear`, or their logarithms; `linear`. */
  readonly scale?: "linear" | "log";
}

/** Settings whose values are listed. */
export type SweepGrid = { readonly [setting: string]: readonly SweepValue[] };

/** Settings whose values are listed, or drawn from a range. */
export type SweepSpace = { readonly [setting: string]: readonly SweepValue[] | SweepRange };

/** A value for each setting. */
export type SweepPoint = { readonly [setting: string]: SweepValue };

/** A value for each setting of a certain space. */
export type SweepValues<S extends SweepSpace> = {
  readonly [K in keyof S]: S[K] extends readonly (infer V extends SweepValue)[] ? V : number;
};

/** Some points of a space, drawn at random. */
export interface SweepDraw {
  /** How many, each another one; all there are where that is fewer. */
  readonly random: number;
  /** What they are drawn from, 0; of the same seed the more have the fewer among them. */
  readonly seed?: number;
}

/** Which points of a space are tried: all, where every setting's values are listed, or some. */
export type SweepMethod<S extends SweepSpace> = S extends SweepGrid ? "grid" | SweepDraw
  : SweepDraw;

/** What a sweep is made of. */
export interface SweepOptions<S extends SweepSpace> {
  /** What each setting can be. */
  readonly space: S;
  /** `"grid"`, or `{ random: 20 }`. */
  readonly method: SweepMethod<S>;
  /**
   * The experiment at a point; its data set has to hold images out, by which points are compared.
   */
  readonly make: (values: SweepValues<S>) => Experiment;
}

/** The points of every sweep, by the names of its experiments. */
const sweeps = new WeakMap<Experiments, ReadonlyMap<string, SweepPoint>>();

/**
 * Experiments at points of a space, by names such as `kd=0.5,temperature=4`: the default export of
 * a module, in which `deno task sweep` finds the best. Each is a run and a row of a table like any
 * other. Throws a `Failure` (exit 2) at a space without points, and where an experiment holds
 * nothing out: what is chosen on the test set cannot be tested on it.
 *
 * ```ts ignore
 * export default sweep({
 *   space: { temperature: [2, 4, 8], lr: { from: 0.01, to: 0.2, scale: "log" } },
 *   method: { random: 12 },
 *   make: ({ temperature, lr }) =>
 *     experiment(import.meta, {
 *       ...pair,
 *       dataset: cifar100({ holdout: 5000 }),
 *       distiller: kd({ temperature }),
 *       schedule: sgd({ epochs: 30, batch: 64, lr }),
 *     }),
 * });
 * ```
 */
export function sweep<const S extends SweepSpace>(
  { space, method, make }: SweepOptions<S>,
): Experiments {
  check(space);
  const all = typeof method === "object" ? draw(space, method) : grid(space as SweepGrid);
  const points = new Map(all.map((point) => [nameOf(point), point]));
  const experiments = Object.fromEntries(
    Array.from(points, ([name, point]) => [name, make(point as SweepValues<S>)]),
  );
  for (const [name, { dataset: { id, holdout } }] of Object.entries(experiments)) {
    if (holdout === 0) {
      throw refusal(`${id} holds nothing out at ${name}: give it \`holdout\`, images to choose by`);
    }
  }
  sweeps.set(experiments, points);
  return experiments;
}

/**
 * The points of what `sweep` made, by the names of its experiments; undefined for anything else.
 */
export function pointsOf(value: unknown): ReadonlyMap<string, SweepPoint> | undefined {
  return typeof value === "object" && value !== null ? sweeps.get(value as Experiments) : undefined;
}

const refusal = (problem: string): Failure => new Failure(2, `sweep: ${problem}`);

/**
 * Throws a `Failure` (exit 2) at a setting that gives no points, or none that a file could be named
 * after.
 */
function check(space: SweepSpace): void {
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
    : `has the value "${odd}"; numbers, booleans and texts of letters, digits and . + - _ will do`;
}

function wrongRange({ from, to, scale }: SweepRange): string | undefined {
  if (!(from < to && Number.isFinite(to - from))) {
    return `goes from ${from} to ${to}; it has to grow`;
  }
  return scale === "log" && from <= 0 ? `goes from ${from}, which has no logarithm` : undefined;
}

function isList(of: SweepSpace[string]): of is readonly SweepValue[] {
  return Array.isArray(of);
}

/** Every point, the last setting running fastest. */
function grid(space: SweepGrid): SweepPoint[] {
  return Object.entries(space).reduce<SweepPoint[]>(
    (points, [setting, values]) =>
      points.flatMap((point) => values.map((value) => ({ ...point, [setting]: value }))),
    [{}],
  );
}

/** So many different points, or all where there are no more. */
function draw(space: SweepSpace, { random: count, seed = 0 }: SweepDraw): SweepPoint[] {
  if (!Number.isInteger(count) || count < 1) {
    throw refusal(`\`random\` is a number of points, not ${count}`);
  }
  const lists = Object.values(space);
  const size = lists.reduce((all, of) => all * (isList(of) ? of.length : Infinity), 1);
  if (size <= count) return grid(space as SweepGrid);
  const points = new Map<string, SweepPoint>();
  for (let i = 0; points.size < count; i++) {
    if (i > 1000 * count) {
      throw refusal(`the space has no ${count} points that differ in three digits`);
    }
    const point = Object.fromEntries(
      Object.entries(space).map(([setting, of]) => {
        const share = stream(seed, `sweep/${i}/${setting}`).uniform();
        return [setting, isList(of) ? of[Math.floor(share * of.length)] : within(of, share)];
      }),
    );
    points.set(nameOf(point), point);
  }
  return [...points.values()];
}

/** The number at a share of a range. */
function within({ from, to, scale }: SweepRange, share: number): number {
  const value = scale === "log" ? from * (to / from) ** share : from + (to - from) * share;
  return Number(value.toPrecision(3));
}

/** A point's name, whatever the order of its settings. */
function nameOf(point: SweepPoint): string {
  return Object.keys(point).sort().map((setting) => `${setting}=${point[setting]}`).join(",");
}
