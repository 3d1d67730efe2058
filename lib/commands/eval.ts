/**
 * `deno task eval <experiment or weights>`: what trained weights reach on the test images.
 *
 * @module
 */
import { statSync } from "node:fs";
import { EVAL_BATCH } from "../evaluation/evaluate.ts";
import { examine, type Subject } from "../evaluation/examine.ts";
import { examinationJson, examinationReport } from "../evaluation/report.ts";
import { dataFolder } from "../files/data_folder.ts";
import { findNetwork } from "../project/find_network.ts";
import { loadExperiments } from "../project/identify.ts";
import { readTrainedStudent } from "../run/trained.ts";
import { runCommand } from "../terminal/command.ts";
import { type Flags, helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { status } from "../terminal/status.ts";
import { Failure } from "../values/failure.ts";
import { readWeights } from "../weights/weights_file.ts";

const FLAGS = {
  "seed": { type: "integer", least: 0, help: "the trial of an experiment; 1" },
  "epoch": { type: "string", choices: ["last", "best"], help: "which of its weights; last" },
  "epochs": { type: "integer", least: 1, help: "of its quick run with so many epochs" },
  "limit": { type: "integer", least: 1, help: "of its quick run with so many batches per epoch" },
  "as": {
    type: "string",
    help: "for a weights file: the experiment whose student and data set it is measured with",
  },
  "network": {
    type: "string",
    help: "for a weights file that is not that student's: vgg13, or module.ts#name",
  },
  "data": { type: "string", help: "the folder of the data sets; $RETORT_DATA or ./data" },
  "precision": {
    type: "string",
    choices: ["float32", "bfloat16"],
    help: "what convolutions compute in; float32",
  },
  "backend": {
    type: "string",
    choices: ["tensorflow", "cpu"],
    help: "cpu is tfjs's own, slow; tensorflow",
  },
  "threads": { type: "integer", least: 1, help: "threads; all cores" },
  "eval-batch": { type: "integer", least: 1, help: `images in a batch; ${EVAL_BATCH}` },
  "confusion": { type: "boolean", help: "print the whole confusion matrix" },
  "json": { type: "boolean", help: "print one JSON object per experiment or file" },
} as const satisfies Spec;

type Given = Flags<typeof FLAGS>;

/** What is examined, and where it comes from. */
interface Named extends Subject {
  /** The experiment's id. */
  readonly id: string;
  /** The trial; absent for a weights file. */
  readonly trained?: { readonly seed: number; readonly epoch: "last" | "best" };
}

/**
 * Examines the trained students of the experiments that the arguments name, or with `--as` a file
 * of weights. Rejects with a `Failure` that has the exit code.
 */
export async function runEval(
  args: readonly string[],
  print: (line: string) => void = console.log,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  const [spec, another] = options._;
  if (options.help) {
    return print(
      helpText("deno task eval <module>[#name] | <weights> --as <module>[#name]", FLAGS),
    );
  }
  if (spec === undefined) {
    throw new Failure(2, "which experiment? deno task eval experiments/quickstart.ts#kd");
  }
  if (another !== undefined) throw new Failure(2, `one at a time: deno task eval ${spec}`);
  const named = options.as === undefined
    ? await students(spec, options)
    : [await file(spec, options.as, options)];
  const { precision = "float32", backend = "tensorflow", threads, "eval-batch": evalBatch } =
    options;
  const shown = status();
  for (const subject of named) {
    const { id, trained, network, dataset, file: { path, sha256 } } = subject;
    const found = await examine(subject, {
      data: dataFolder(options.data),
      status: shown,
      precision,
      backend,
      threads,
      evalBatch,
    });
    const about = {
      id,
      ...trained,
      network: network.id,
      dataset: dataset.id,
      weights: { path, sha256 },
    };
    if (options.json) {
      print(JSON.stringify({ ...about, precision, backend, ...examinationJson(found) }));
    } else {
      const trial = trained ? ` seed ${trained.seed}, ${trained.epoch}` : "";
      print(`${id}${trial}: ${network.id} on ${found.images} test images of ${dataset.id}`);
      print(
        `${path}, sha256 ${sha256}\n\n${
          examinationReport(dataset.task, found, options.confusion)
        }\n`,
      );
    }
  }
}

/** The trained students of a module's experiments. */
async function students(spec: string, options: Given): Promise<Named[]> {
  if (options.network !== undefined) {
    throw new Failure(2, "--network goes with --as, for a file of weights");
  }
  if (isWeights(spec)) {
    throw new Failure(
      2,
      `${spec} needs --as <experiment>: whose network and data set it is measured with`,
    );
  }
  const { seed = 1, epoch = "last" } = options;
  const found: Named[] = [];
  for (const { id, experiment } of await loadExperiments(spec)) {
    const { path, sha256, tensors } = await readTrainedStudent(experiment, seed, epoch, options);
    const file = { path, format: "safetensors", tensors, facts: {}, sha256 } as const;
    found.push({
      id,
      trained: { seed, epoch },
      network: experiment.student,
      dataset: experiment.dataset,
      file,
    });
  }
  return found;
}

/** Whether there is such a file, and it is no module. */
function isWeights(path: string): boolean {
  return !path.endsWith(".ts") && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** A file of weights with the network and the data set of an experiment. */
async function file(path: string, as: string, options: Given): Promise<Named> {
  const strange = (["seed", "epoch", "epochs", "limit"] as const).find((flag) =>
    options[flag] !== undefined
  );
  if (strange) {
    throw new Failure(
      2,
      `--${strange} is for an experiment's own weights, not for a file with --as`,
    );
  }
  const [{ id, experiment }, ...others] = await loadExperiments(as);
  if (others.length > 0) {
    throw new Failure(2, `--as ${as} is several experiments; name one, such as ${id}`);
  }
  const network = options.network === undefined
    ? experiment.student
    : await findNetwork(options.network);
  return { id, network, dataset: experiment.dataset, file: await readWeights(path) };
}

if (import.meta.main) await runCommand(() => runEval(Deno.args));
