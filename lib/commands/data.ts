/**
 * `deno task data <data set>`: shows what a data set has, and what is wrong with it.
 *
 * @module
 */
import { dirname } from "node:path";
import { encode } from "fast-png";
import { contactSheet } from "../data/contact_sheet.ts";
import type { OpenDataset } from "../data/dataset.ts";
import { type Survey, survey } from "../data/survey.ts";
import { atomicWrite, checkWritable } from "../files/atomic_write.ts";
import { findDataFolder } from "../files/data_folder.ts";
import { makeFolder } from "../files/make_folder.ts";
import { userPath } from "../files/user_path.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, onlyArgument, parseFlags, type Spec } from "../terminal/flags.ts";
import { status } from "../terminal/status.ts";
import { Failure } from "../values/failure.ts";
import { dataJson, dataReport } from "./data_report.ts";
import { ENGINE_FLAGS } from "./engine_flags.ts";
import { type NamedDataset, namedDatasets } from "./named_data_sets.ts";

const FLAGS = {
  "data": ENGINE_FLAGS.data,
  "limit": {
    type: "integer",
    least: 1,
    help: "images of each split to read, spread evenly. Default: all",
  },
  "sheet": {
    type: "string",
    help:
      "PNG to write: training images of up to 16 classes, and the same ones augmented, not erased",
  },
  "json": { type: "boolean", help: "print one JSON object per data set, with every class" },
} as const satisfies Spec;

const USAGE = `deno task data <data set>

  cifar100                 one of Retort's data sets: cifar10, cifar100, coco, imagenet,
                           synthetic, tinyImagenet
  experiments/mine.ts      the data sets that a module exports, and those of its experiments;
                           experiments/mine.ts#name is one of them
  pets                     a folder or a zip of images in the data folder, or its path: a folder for
                           each class below train/ and test/

Exit code 3: an image cannot be read. All of them are named.`;

/**
 * Prints the findings about the data sets that the arguments name, and writes their contact sheet.
 * Returns the exit code: 0, or 3 if an image cannot be read. Rejects with a `Failure`: exit 2 if the
 * arguments are wrong, exit 3 if a data set cannot be opened or the sheet cannot be written.
 */
export async function runData(
  args: readonly string[],
  print: (text: string) => void = console.log,
): Promise<0 | 3> {
  const options = parseFlags(args, FLAGS);
  if (options.help) {
    print(helpText(USAGE, FLAGS));
    return 0;
  }
  const spec = onlyArgument("deno task data", options._);
  if (spec === undefined) throw new Failure(2, "which data set? deno task data cifar100");
  const named = await namedDatasets(spec, findDataFolder(options.data));
  if (options.sheet !== undefined && named.length > 1) {
    const names = named.map(({ names: [name] }) => name).join(", ");
    throw new Failure(2, `--sheet shows one data set, but ${spec} has several: those of ${names}`);
  }
  if (options.sheet !== undefined) await checkWritable(userPath(options.sheet));
  let isWhole = true;
  for (const [i, one] of named.entries()) {
    const { opened, found } = await look(one, options.limit);
    try {
      if (options.json) print(JSON.stringify(dataJson(one, opened, found)));
      else print(`${i > 0 ? "\n" : ""}${await dataReport(one, opened, found)}`);
      if (options.sheet !== undefined) await writeSheet(options.sheet, one, opened, found);
    } finally {
      opened.close();
    }
    isWhole &&= found.train.unreadable.size + found.test.unreadable.size === 0;
  }
  return isWhole ? 0 : 3;
}

/** Opens a data set, which the caller closes, and reads its images. */
async function look(
  { dataset, folder }: NamedDataset,
  limit: number | undefined,
): Promise<{ opened: OpenDataset; found: Survey }> {
  const progress = status();
  try {
    const opened = await dataset.open(folder, progress.line);
    const found = await survey(opened, {
      limit,
      progress: (fraction) => progress.update(fraction, `reading ${dataset.id}`),
    });
    return { opened, found };
  } finally {
    progress.close();
  }
}

async function writeSheet(
  path: string,
  { dataset }: NamedDataset,
  opened: OpenDataset,
  { train }: Survey,
): Promise<void> {
  const { width, height, channels, data, classes, columns } = await contactSheet(
    opened,
    train.read,
    dataset.augmentation,
  );
  const file = userPath(path);
  await makeFolder(dirname(file));
  await atomicWrite(file, encode({ width, height, channels, data }));
  const rows = classes.map((label) => opened.classes[label]).join(", ");
  console.error(
    `${path}: ${columns} training images of a class in a row, the same ones augmented on the ` +
      `right; from the top: ${rows}`,
  );
}

if (import.meta.main) await runCommand(() => runData(Deno.args));
