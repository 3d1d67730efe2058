/**
 * A comparison of two experiments as text: sections of aligned columns.
 *
 * @module
 */
import { dataKey, dataName } from "../experiment/data_name.ts";
import { declaration, settingName } from "../experiment/declaration.ts";
import { type Experiment, networkOf } from "../experiment/experiment.ts";
import { valuesOf } from "../project/outcome.ts";
import { teacherTitle, type Trial } from "../project/result.ts";
import type { EpochLog } from "../run/epoch_log.ts";
import { type Paired, pairedCells, pairTrials } from "../tables/paired.ts";
import type { Measure } from "../tasks/task.ts";
import { columns } from "../terminal/columns.ts";
import { sparkline } from "../terminal/sparkline.ts";
import { differences } from "../values/differences.ts";
import type { Json } from "../values/json.ts";
import { NONE } from "../values/markdown.ts";
import { formatFixed, formatSpread } from "../values/numbers.ts";
import { summary } from "../values/statistics.ts";
import { describeJson } from "../values/words.ts";
import { type ComparedSide, sideTitle } from "./compared_side.ts";

/** The most characters of a curve: with its numbers, a line has at most 80. */
const CURVE = 40;

/**
 * The most characters of a setting's name and of both its values in a line of 80. What is longer has
 * lines of its own.
 */
const SETTING = { name: 44, value: 16 };

/** The most characters of a setting that only one experiment has and that contains others. */
const RECORD = 75;

/**
 * The comparison of two experiments of one task: what is what, the settings and teachers that
 * differ, the results, their paired differences, the curves, and what is missing. Sections without
 * any content are left out.
 */
export function comparisonReport(a: ComparedSide, b: ComparedSide): string {
  const sides = [a, b];
  const titles = sides.map((side) => `${side.name}  ${sideTitle(side)}`);
  return [
    titles,
    settings(a, b),
    teachers(sides),
    results(sides),
    pairs(a, b),
    ...curves(sides),
    sides.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`)),
  ].filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n");
}

/** The settings that differ, and the circumstances of the trials that do. */
function settings(a: ComparedSide, b: ComparedSide): string[] {
  const declared = differences(declaration(a.experiment), declaration(b.experiment));
  const rows = [
    ...declared.map((one) => [
      settingName(one.path),
      settingText(a.experiment, one.path, one.a),
      settingText(b.experiment, one.path, one.b),
    ]),
    ...circumstances(a, b),
  ];
  if (rows.length === 0) return ["no setting differs"];
  const fits = ([name, ...values]: readonly string[]) =>
    name.length <= SETTING.name && values.every(({ length }) => length <= SETTING.value);
  const header = ["settings that differ", "A", "B"];
  const [title, ...lines] = columns([header, ...rows.filter(fits)], 3).split("\n");
  return [
    title,
    ...rows.flatMap((row) => {
      const [name, one, other] = row;
      return fits(row) ? [lines.shift()!] : [name, `  A  ${one}`, `  B  ${other}`];
    }),
  ];
}

/**
 * A setting in words. One that is a trained network is its name: the declaration has all that it was
 * trained with.
 */
function settingText(experiment: Experiment, path: string, value: Json | undefined): string {
  if (value === undefined) return NONE;
  const { teachers, start, body, needs } = experiment;
  const networks: ReadonlyMap<string, string> = new Map([
    ...teachers.map((teacher, i): [string, string] => [`teachers[${i}]`, networkOf(teacher).id]),
    ["student.start", start?.experiment.student.id ?? NONE],
    ["student.body", body ? networkOf(body).id : NONE],
    ["distiller.takes", needs.map(({ name }) => name).join("/")],
  ]);
  const text = networks.get(path) ?? describeJson([value]);
  const isRecord = typeof value === "object" && value !== null;
  return isRecord && text.length > RECORD ? `${text.slice(0, RECORD - 1)}…` : text;
}

/** What a trial ran with beside its declaration. */
const CIRCUMSTANCES: Readonly<Record<string, (trial: Trial) => string>> = {
  precision: ({ precision }) => precision,
  backend: ({ backend }) => backend,
  tensorflow: ({ tensorflow }) => tensorflow ?? NONE,
  "digest of the data": ({ data }) => data?.slice(0, 8) ?? NONE,
  workers: ({ workers = 1 }) => String(workers),
};

function circumstances(a: ComparedSide, b: ComparedSide): string[][] {
  return Object.entries(CIRCUMSTANCES).flatMap(([name, read]) => {
    const [one, other] = [a, b].map(({ outcome }) => distinct(outcome.measured.map(read)));
    const isSame = one.join() === other.join();
    return isSame || one.length === 0 || other.length === 0
      ? []
      : [[name, one.join("/"), other.join("/")]];
  });
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

/**
 * The weights that taught in each side's trials, and the seeds of these trials if it was not in all.
 * Empty if both sides have the same.
 */
function teachers(sides: readonly ComparedSide[]): string[] {
  const [one, other] = sides.map(({ outcome: { measured } }) => {
    const weights = ({ teachers }: Trial) =>
      teachers.map((teacher) => `${teacherTitle(teacher)} (${teacher.sha256.slice(0, 8)})`);
    return [...new Set(measured.flatMap(weights))].map((text) => {
      const taught = measured.filter((trial) => weights(trial).includes(text));
      const seeds = taught.map(({ seed }) => seed).join(", ");
      return taught.length < measured.length ? ` seed ${seeds}  ${text}` : `  ${text}`;
    });
  });
  if (one.join() === other.join()) return [];
  const lines = (name: string, taught: readonly string[]) =>
    (taught.length > 0 ? taught : [`  ${NONE}`]).map((text) => name + text);
  return ["teachers (SHA-256 of their weights)", ...lines("A", one), ...lines("B", other)];
}

/** Mean ± std and n of each measure after the last and at the best epoch, and the time of a step. */
function results(sides: readonly ComparedSide[]): string[] {
  const { measures } = taskOf(sides[0]);
  const scores = Object.entries(measures).flatMap(([name, measure]) =>
    (["last", "best"] as const).map((epoch): Row => ({
      title: `${measure.title}, ${epoch}`,
      decimals: decimalsOf(measure),
      values: sides.map(({ outcome }) => valuesOf(outcome, name, epoch)),
    }))
  );
  const time: Row = {
    title: "ms a step",
    decimals: 1,
    values: sides.map(({ outcome }) =>
      outcome.measured.flatMap(({ stepSeconds }) => stepSeconds ? [1000 * stepSeconds] : [])
    ),
  };
  const rows = [...scores, time].filter(({ values }) => values.some(({ length }) => length > 0));
  if (rows.length === 0) return [];
  return [columns([
    ["mean ± std (n)", "A", "B"],
    ...rows.map(({ title, decimals, values }) => [
      title,
      ...values.map((numbers) => {
        const all = summary(numbers);
        return all ? formatSpread(all, decimals) : NONE;
      }),
    ]),
  ])];
}

/** A number of both sides, one value per trial. */
interface Row {
  readonly title: string;
  readonly decimals: number;
  readonly values: readonly (readonly number[])[];
}

/** The differences of the trials that have one seed. */
function pairs(a: ComparedSide, b: ComparedSide): string[] {
  if ([a, b].some(({ outcome }) => outcome.measured.length === 0)) return [];
  if (dataKey(a.experiment) !== dataKey(b.experiment)) {
    const [data, others] = [dataName(a.experiment), dataName(b.experiment)];
    const problem = data === others
      ? `they are measured on different data sets, both ${data}`
      : `one is measured on ${data}, one on ${others}`;
    return [`A and B are not paired: ${problem}`];
  }
  const seeds = new Set(b.outcome.measured.map(({ seed }) => seed));
  if (!a.outcome.measured.some(({ seed }) => seeds.has(seed))) {
    return ["A and B are not paired: their trials have no seed in common"];
  }
  const task = taskOf(a);
  const rows = Object.entries(task.measures).flatMap(([name, measure]) => {
    const { title, isToTeacher } = measure;
    const cells = (paired: Paired) => pairedCells(paired, decimalsOf(measure));
    const paired = pairTrials(a.outcome.measured, b.outcome.measured, task, name);
    if (paired) return [[title, ...cells(paired), VERDICTS[paired.verdict]]];
    const areThere = [a, b].every(({ outcome }) => valuesOf(outcome, name, "last").length > 0);
    return isToTeacher && areThere ? [[title, NONE, NONE, "0", "other teachers"]] : [];
  });
  return [columns([["A − B, last", "mean", "95 % interval", "seeds", "verdict"], ...rows])];
}

const VERDICTS = {
  better: "A is better",
  worse: "B is better",
  undecided: "undecided",
  "one seed": "one seed",
} as const satisfies Record<Paired["verdict"], string>;

/** Each curve that some log has: a line per run, all on one scale. */
function curves(sides: readonly ComparedSide[]): string[][] {
  const { measures, primary } = taskOf(sides[0]);
  const toTeacher = Object.entries(measures).filter(([, { isToTeacher }]) => isToTeacher);
  return [
    curve(sides, `test/${primary}`, {
      ...measures[primary],
      title: `${measures[primary].title}, test images`,
    }),
    curve(sides, "train/loss", LOSS),
    ...toTeacher.flatMap(([name, measure]) => [
      curve(sides, `train/${name}`, { ...measure, title: `${measure.title}, training images` }),
      curve(sides, `test/${name}`, { ...measure, title: `${measure.title}, test images` }),
    ]),
  ];
}

const LOSS = { title: "loss, training images", decimals: 3, isLessBetter: true };

/** Distances from a teacher are small: they have a digit more than in tables. */
function decimalsOf({ decimals, isToTeacher }: Pick<Measure, "decimals" | "isToTeacher">): number {
  return isToTeacher ? decimals + 1 : decimals;
}

function curve(
  sides: readonly ComparedSide[],
  tag: string,
  measure: Pick<Measure, "title" | "decimals" | "isLessBetter" | "isToTeacher">,
): string[] {
  const { title, isLessBetter } = measure;
  const found = sides.flatMap(({ name, runs }) =>
    runs.map(({ seed, log }) => ({ label: `${name} seed ${seed}`, series: seriesOf(log, tag) }))
  );
  const present = (series: readonly (number | undefined)[]) =>
    series.filter((value) => value !== undefined);
  const drawn = found.filter(({ series }) => present(series).length > 0);
  if (drawn.length === 0) return [];
  const all = drawn.flatMap(({ series }) => present(series));
  const scale = {
    low: Math.min(...all),
    high: Math.max(...all),
    places: Math.max(...drawn.map(({ series }) => series.length)),
    width: CURVE,
  };
  const rows = drawn.map(({ label, series }) => {
    const values = present(series);
    const best = isLessBetter ? Math.min(...values) : Math.max(...values);
    const numbers = [values[0], best, values[values.length - 1]];
    return [
      label,
      sparkline(series, scale),
      ...numbers.map((number) => formatFixed(number, decimalsOf(measure))),
    ];
  });
  return [columns([["", title, "first", "best", "last"], ...rows], 2)];
}

/** The numbers of a tag by epoch, from the first to the last one of the log. */
function seriesOf(log: readonly EpochLog[], tag: string): (number | undefined)[] {
  const byEpoch = new Map(log.map(({ epoch, [tag]: value }) => [epoch, value]));
  return Array.from({ length: Math.max(...byEpoch.keys()) }, (_, i) => byEpoch.get(i + 1));
}

const taskOf = ({ experiment }: ComparedSide) => experiment.dataset.task;
