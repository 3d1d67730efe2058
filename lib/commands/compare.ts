/**
 * `deno task compare <A> <B>`: shows how two experiments, or two of their runs, differ.
 *
 * @module
 */
import { checkTypes } from "../project/check_types.ts";
import { findModule, loadExperiment } from "../project/identify.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { Failure } from "../values/failure.ts";
import { isEmpty, readSide, sideTitle } from "./compared_side.ts";
import { comparisonReport } from "./comparison_report.ts";
import { type RunArgument, runArgument } from "./named_experiments.ts";

const FLAGS = {
  "seed": {
    type: "integer",
    least: 0,
    help: "compare the runs with this seed. Default: all recorded trials and logs",
  },
} as const satisfies Spec;

const USAGE = "deno task compare <module[#name] | run's folder> <module[#name] | run's folder>";

/**
 * Prints how two experiments, or the runs in two folders, differ: settings, results, paired
 * differences and curves. Says what is missing of either. `check` checks the types of their modules.
 * Rejects with a `Failure`: exit 2 if the arguments are wrong or the tasks differ, exit 3 if neither
 * has a recorded trial or a log.
 */
export async function runCompare(
  args: readonly string[],
  print: (line: string) => void = console.log,
  check: typeof checkTypes = checkTypes,
): Promise<void> {
  const { _: names, seed, help } = parseFlags(args, FLAGS);
  if (help) return print(helpText(USAGE, FLAGS));
  if (names.length !== 2) {
    throw new Failure(2, `compare takes two experiments or runs, not ${names.length}: ${USAGE}`);
  }
  const [first, second] = names.map((name) => readArgument(name, seed));
  await check([first, second].map(({ spec }) => findModule(spec)));
  const a = { ...await loadExperiment(first.spec), seed: first.seed };
  const b = { ...await loadExperiment(second.spec), seed: second.seed };
  const areSeeds = a.seed !== undefined && b.seed !== undefined && a.seed !== b.seed;
  if (a.experiment === b.experiment && !areSeeds) {
    const ways = "name another one, or the folders of two of its runs";
    throw new Failure(2, `both are ${a.id}: ${ways}`);
  }
  const [one, other] = [a, b].map(({ experiment }) => experiment.dataset.task.id);
  if (one !== other) {
    throw new Failure(2, `${a.id} learns ${one}, ${b.id} ${other}: they have no measure in common`);
  }
  const sides = [await readSide("A", a, a.seed), await readSide("B", b, b.seed)] as const;
  print(comparisonReport(...sides));
  if (sides.every(isEmpty)) {
    const [one, other] = sides.map(sideTitle);
    throw new Failure(3, `neither ${one} nor ${other} has a recorded trial or a log`);
  }
}

/**
 * Reads an argument: a run's folder has its seed, anything else that of `--seed`. Throws a `Failure`
 * (exit 2) if there are two.
 */
function readArgument(name: string, seed: number | undefined): RunArgument {
  const { spec, seed: own = seed } = runArgument(name) ?? { spec: name };
  if (seed === undefined || own === seed) return { spec, seed: own };
  throw new Failure(2, `--seed ${seed}, but ${name} is of seed ${own}: leave --seed out`);
}

if (import.meta.main) await runCommand(() => runCompare(Deno.args));
