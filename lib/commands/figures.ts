/**
 * `deno task figures <experiments…>`: draws the papers' figures from the user's own runs.
 *
 * @module
 */
import { join, relative } from "node:path";
import type { Experiment } from "../experiment/experiment.ts";
import type { Figure, FigureSettings, Picture, Shown } from "../figures/figure.ts";
import { FIGURES } from "../figures/mod.ts";
import { paintPng } from "../figures/png.ts";
import { drawSvg } from "../figures/svg.ts";
import { FEWEST_POINTS } from "../figures/tsne_scatter.ts";
import { atomicWrite } from "../files/atomic_write.ts";
import { makeFolder } from "../files/make_folder.ts";
import { userFolder, userPath } from "../files/user_path.ts";
import { checkTypes } from "../project/check_types.ts";
import { identify } from "../project/identify.ts";
import { commonFolder } from "../project/labels.ts";
import { exitAtOnce } from "../tensorflow/library/load.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { Interruption } from "../terminal/interruption.ts";
import { type Status, status } from "../terminal/status.ts";
import { Failure } from "../values/failure.ts";
import { didYouMean } from "../values/suggest.ts";
import { ENGINE_FLAGS, subjectOptions } from "./engine_flags.ts";
import { namedExperiments } from "./named_experiments.ts";
import { STUDENT_FLAGS } from "./student_flags.ts";

const FLAGS = {
  "figure": { type: "string", help: "the figure to draw. Default: all that the runs allow" },
  "format": { type: "string", choices: ["svg", "png"], help: "format of the files. Default: svg" },
  "out": { type: "string", help: "folder of the files. Default: figures/ beside the experiments" },
  "seed": STUDENT_FLAGS.seed,
  "epoch": STUDENT_FLAGS.epoch,
  "points": {
    type: "integer",
    least: FEWEST_POINTS,
    help: `test images of tsne, ${FEWEST_POINTS} or more. Default: 1000`,
  },
  "images": {
    type: "string",
    help: "test images of grad-cam by index: 3,14,15. Default: 6 at even distances",
  },
  ...ENGINE_FLAGS,
} as const satisfies Spec;

const EXAMPLE = "deno task figures experiments/proxy --figure accuracy";

/**
 * Draws a figure, or all, of the experiments that the arguments name, `module.ts`,
 * `module.ts#name` or a folder of tables, and prints the paths of the files. Of all figures it
 * leaves out those that the runs do not allow, and says why. `check` checks the types of the modules.
 * Rejects with a `Failure` that has the exit code, also if no figure could be drawn.
 */
export async function runFigures(
  args: readonly string[],
  print: (line: string) => void = console.log,
  within: string = userFolder(),
  check: typeof checkTypes = checkTypes,
): Promise<void> {
  const { _: names, figure, format = "svg", out, help, ...options } = parseFlags(args, FLAGS);
  if (help) return print(figuresHelp());
  if (names.length === 0) throw new Failure(2, `which experiments? ${EXAMPLE}`);
  const chosen = figure === undefined ? Object.entries(FIGURES) : [[figure, find(figure)] as const];
  const experiments = await namedExperiments(names, within, check);
  const { shown, folder } = await show(experiments);
  const { seed = 1, epoch = "last", points } = options;
  const progress = sayOnce(status());
  const settings: FigureSettings = {
    ...await subjectOptions(options, progress),
    ...{ seed, epoch, points, images: readIndices(options.images) },
  };
  // Nothing is there to save.
  using _ = new Interruption(() => {
    progress.close();
    console.error("interrupted: no further figure is drawn");
    exitAtOnce(130);
  });
  const target = out === undefined ? join(folder, "figures") : userPath(out);
  let drawn = 0;
  for (const [name, { draw }] of chosen) {
    const picture = await draw(shown, settings).catch((error) => {
      if (figure !== undefined || !(error instanceof Failure)) throw error;
      print(`${name} left out: ${error.message}`);
    });
    if (!picture) continue;
    const path = join(target, `${name}.${format}`);
    await makeFolder(target);
    await atomicWrite(path, await encode(picture, format));
    print(relative(Deno.cwd(), path));
    drawn++;
  }
  if (drawn === 0) throw new Failure(3, "no figure could be drawn");
}

/** Reads indices with commas between them. */
function readIndices(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  if (/^\d+(,\d+)*$/.test(text)) return [...new Set(text.split(",").map(Number))];
  throw new Failure(2, `--images needs indices such as 3,14,15, not "${text}"`);
}

/** A status that prints no line twice: several figures may lack the same run. */
function sayOnce(progress: Status): Status {
  const said = new Set<string>();
  const line = (text: string) => {
    if (!said.has(text)) progress.line(text);
    said.add(text);
  };
  return { ...progress, line };
}

function figuresHelp(): string {
  const names = Object.keys(FIGURES);
  const width = Math.max(...names.map((name) => name.length));
  const rows = Object.entries<Figure>(FIGURES).map(([name, { about }]) =>
    `  ${name.padEnd(width)}  ${about}`
  );
  const usage = "deno task figures <module.ts[#name] | folder>…";
  return [helpText(usage, FLAGS), "", "figures:", "", ...rows].join("\n");
}

function find(name: string): Figure {
  const found = Object.entries<Figure>(FIGURES).find(([known]) => known === name);
  if (found) return found[1];
  const names = Object.keys(FIGURES);
  throw new Failure(
    2,
    `there is no figure ${name}; there are ${names.join(", ")}${didYouMean(name, names)}`,
  );
}

async function encode(picture: Picture, format: "svg" | "png"): Promise<string | Uint8Array> {
  const svg = await drawSvg(picture);
  return format === "svg" ? svg : await paintPng(svg);
}

/** Identifies experiments for a figure, and finds the folder that all their modules are below. */
async function show(
  experiments: readonly Experiment[],
): Promise<{ readonly shown: readonly Shown[]; readonly folder: string }> {
  const identities = await Promise.all(experiments.map(identify));
  const shown = experiments.map((experiment, i): Shown => {
    const identity = identities[i];
    return { experiment, identity, method: identity.name ?? experiment.distiller.id };
  });
  return { shown, folder: commonFolder(identities) };
}

if (import.meta.main) await runCommand(() => runFigures(Deno.args));
