/**
 * `deno task compare <A> <B>`: shows how two experiments, or their runs with one seed, differ.
 *
 * @module
 */
import { checkTypes } from "../project/check_types.ts";
import { findModule, loadExperiment } from "../project/identify.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { Failure } from "../values/failure.ts";
import { isEmpty, readSide } from "./compared_side.ts";
import { comparisonReport } from "./comparison_report.ts";

const FLAGS = {
  "seed": {
    type: "integer",
    least: 0,
    help: "compare the runs with this seed. Default: all recorded trials and logs",
  },
} as const satisfies Spec;

const USAGE = "deno task compare <module>[#name] <module>[#name]";

/**
 * Prints how two experiments differ: settings, results, paired differences and curves. Says what is
 * missing of either. `check` checks the types of their modules. Rejects with a `Failure`: exit 2 if
 * the arguments are wrong or the tasks differ, exit 3 if neither has a recorded trial or a log.
 */
export async function runCompare(
  args: readonly string[],
  print: (line: string) => void = console.log,
  check: typeof checkTypes = checkTypes,
): Promise<void> {
  const { _: specs, seed, help } = parseFlags(args, FLAGS);
  if (help) return print(helpText(USAGE, FLAGS));
  if (specs.length !== 2) {
    throw new Failure(2, `compare takes two experiments, not ${specs.length}: ${USAGE}`);
  }
  await check(specs.map(findModule));
  const [a, b] = [await loadExperiment(specs[0]), await loadExperiment(specs[1])];
  if (a.experiment === b.experiment) throw new Failure(2, `both are ${a.id}: name another one`);
  const [one, other] = [a, b].map(({ experiment }) => experiment.dataset.task.id);
  if (one !== other) {
    throw new Failure(2, `${a.id} learns ${one}, ${b.id} ${other}: they have no measure in common`);
  }
  const sides = [await readSide("A", a, seed), await readSide("B", b, seed)] as const;
  print(comparisonReport(...sides));
  if (sides.every(isEmpty)) {
    throw new Failure(3, `neither ${a.id} nor ${b.id} has a recorded trial or a log`);
  }
}

if (import.meta.main) await runCommand(() => runCompare(Deno.args));
