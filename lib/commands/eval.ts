/**
 * `deno task eval <experiment or weights>`: measures trained weights on the test images.
 *
 * @module
 */

import { resolve } from "node:path";
import { examine } from "../evaluation/examine.ts";
import { examinationJson, examinationReport } from "../evaluation/report.ts";
import { checkReplaceable, writeRecorded } from "../files/recorded_folder.ts";
import { isFile } from "../files/path_kind.ts";
import { userPath } from "../files/user_path.ts";
import { findNetwork } from "../project/find_network.ts";
import { loadExperiment, loadExperiments } from "../project/identify.ts";
import { studentSubject, type TrainedSubject } from "../run/subjects.ts";
import { readTrainedStudent } from "../run/trained.ts";
import { exitAtOnce } from "../tensorflow/library/load.ts";
import { runCommand } from "../terminal/command.ts";
import { type Flags, helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { Interruption } from "../terminal/interruption.ts";
import { status } from "../terminal/status.ts";
import { Failure } from "../values/failure.ts";
import { readWeights } from "../weights/weights_file.ts";
import { ENGINE_FLAGS, subjectOptions } from "./engine_flags.ts";
import { STUDENT_FLAGS } from "./student_flags.ts";

const FLAGS = {
  ...STUDENT_FLAGS,
  "as": {
    type: "string",
    help: "experiment whose student and data set are used for a weights file",
  },
  "network": {
    type: "string",
    help: "network of the weights file: vgg13, or module.ts#name. Default: the student of --as",
  },
  "key": {
    type: "string",
    help: "state dict of the weights file, such as state_dict_ema. Default: the usual one",
  },
  "prefix": {
    type: "string",
    help: "start of the names to take in the weights file, such as teacher. (with its dot)",
  },
  "split": {
    type: "string",
    choices: ["train", "test"],
    help: "images to measure on; training images are read as test images are. Default: test",
  },
  ...ENGINE_FLAGS,
  "confusion": {
    type: "boolean",
    help: "print the whole confusion matrix; of a detector, every class",
  },
  "pictures": {
    type: "integer",
    least: 0,
    help: "images of which a detector's pictures are written, spread evenly. Default: 12",
  },
  "out": {
    type: "string",
    help: "folder for a detector's files. Default: beside the weights, such as last.evaluation",
  },
  "json": { type: "boolean", help: "print one JSON object per experiment or file" },
} as const satisfies Spec;

type Options = Flags<typeof FLAGS>;

/** A subject and its origin. */
interface NamedSubject extends TrainedSubject {
  /** The experiment's id. */
  readonly id: string;
  /** The trial; `undefined` for a weights file. */
  readonly trained?: {
    readonly seed: number;
    readonly epoch: "last" | "best";
    /** Whether its weights are their moving average. */
    readonly average?: true;
  };
}

/**
 * Measures the trained students of the experiments that the arguments name, or with `--as` weights
 * files. Rejects with a `Failure` that has the exit code.
 */
export async function runEval(
  args: readonly string[],
  print: (line: string) => void = console.log,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  if (options.help) {
    return print(
      helpText("deno task eval <module>[#name] … | <weights> … --as <module>[#name]", FLAGS),
    );
  }
  if (options._.length === 0) {
    throw new Failure(2, "which experiment? deno task eval experiments/quickstart.ts#kd");
  }
  const progress = status();
  // Nothing is there to save.
  using _ = new Interruption(() => {
    progress.close();
    console.error("interrupted: nothing more is measured");
    exitAtOnce(130);
  });
  // All of them are read before the first one is measured.
  const subjects: NamedSubject[] = [];
  for (const spec of options._) {
    subjects.push(
      ...options.as === undefined
        ? await readStudents(spec, options)
        : [await readFile(spec, options.as, options)],
    );
  }
  const folders = await findFolders(subjects, options);
  const { pictures, split = "test" } = options;
  const opening = await subjectOptions(options, progress);
  const { backend = "tensorflow", precision = "float32" } = opening;
  for (const subject of subjects) {
    const { id, trained, network, dataset, file: { path, sha256 } } = subject;
    const folder = folders.get(subject);
    const found = await examine(subject, { ...opening, pictures, split });
    const about = {
      id,
      ...trained,
      network: network.id,
      dataset: dataset.id,
      split,
      weights: { path, sha256 },
    };
    const json = { ...about, precision, backend, ...examinationJson(found) };
    if (options.json) print(JSON.stringify({ ...json, folder }));
    else {
      const average = trained?.average ? ", average" : "";
      const trial = trained ? ` seed ${trained.seed}, ${trained.epoch}${average}` : "";
      print(`${id}${trial}: ${network.id} on ${found.images} ${split} images of ${dataset.id}`);
      print(
        `${path}, sha256 ${sha256}\n\n${
          examinationReport(dataset.task, found, options.confusion)
        }\n`,
      );
    }
    if (folder === undefined || !found.files) continue;
    await writeRecorded("evaluation", folder, json, found.files);
    if (!options.json) print(`${folder}: ${[...found.files.keys()].join(", ")}\n`);
  }
}

/**
 * The folder of each subject whose task makes files. Rejects with a `Failure` (exit 2) if it cannot
 * be replaced, or if a flag about files is of no use.
 */
async function findFolders(
  subjects: readonly NamedSubject[],
  { out, pictures, split }: Options,
): Promise<ReadonlyMap<NamedSubject, string>> {
  const flag = out !== undefined ? "--out" : pictures !== undefined ? "--pictures" : undefined;
  const without = subjects.find(({ dataset: { task } }) => !task.files);
  if (flag && without) {
    const { id, dataset: { task } } = without;
    throw new Failure(2, `${flag}: an evaluation of ${id} writes no files: its task is ${task.id}`);
  }
  if (out !== undefined && subjects.length > 1) {
    throw new Failure(2, `--out is one folder, for one of the ${subjects.length} to measure`);
  }
  const folders = new Map(
    subjects.filter(({ dataset: { task } }) => task.files).map((subject) => [
      subject,
      out !== undefined ? resolve(userPath(out)) : folderBeside(subject.file.path, split),
    ]),
  );
  const all = [...folders.values()];
  const shared = all.find((folder, i) => all.indexOf(folder) < i);
  if (shared !== undefined) {
    const files = [...folders].filter(([, folder]) => folder === shared)
      .map(([{ file: { path } }]) => path);
    throw new Failure(
      2,
      `${files.join(" and ")} have one folder, ${shared}: measure one at a time`,
    );
  }
  for (const folder of all) await checkReplaceable("evaluation", folder);
  return folders;
}

/** `last.safetensors` has the folder `last.evaluation`, for training images `last.train.evaluation`. */
function folderBeside(weights: string, split: "train" | "test" = "test"): string {
  return `${weights.replace(/\.[^./\\]+$/, "")}${split === "train" ? ".train" : ""}.evaluation`;
}

/** Reads the trained students of a module's experiments. */
async function readStudents(spec: string, options: Options): Promise<NamedSubject[]> {
  const misplaced = (["network", "key", "prefix"] as const)
    .find((flag) => options[flag] !== undefined);
  if (misplaced) throw new Failure(2, `--${misplaced} needs --as: it is for a weights file`);
  if (isWeights(spec)) {
    throw new Failure(
      2,
      `${spec} needs --as <experiment>: an experiment with its network and data set`,
    );
  }
  const { seed = 1, epoch = "last" } = options;
  const subjects: NamedSubject[] = [];
  for (const { id, experiment } of await loadExperiments(spec)) {
    const student = await readTrainedStudent(experiment, seed, epoch, options);
    subjects.push({
      id,
      trained: { seed, epoch, ...options.average && { average: true } },
      ...studentSubject(student),
    });
  }
  return subjects;
}

/** Whether the path is that of an existing file other than a module. */
function isWeights(path: string): boolean {
  return !path.endsWith(".ts") && isFile(userPath(path));
}

/** Reads a weights file, for the network and the data set of an experiment. */
async function readFile(path: string, as: string, options: Options): Promise<NamedSubject> {
  const misplaced = (["seed", "epoch", "average", "epochs", "limit"] as const).find((flag) =>
    options[flag] !== undefined && options[flag] !== false
  );
  if (misplaced) {
    throw new Failure(
      2,
      `--${misplaced} is for an experiment's own weights, not for a file with --as`,
    );
  }
  const { id, experiment } = await loadExperiment(as);
  const network = options.network === undefined
    ? experiment.student
    : await findNetwork(options.network);
  const file = await readWeights(userPath(path), options);
  for (const note of file.notes) console.error(`${path}: ${note}`);
  return { id, network, dataset: experiment.dataset, file };
}

if (import.meta.main) await runCommand(() => runEval(Deno.args));
