/**
 * `deno task doctor`: shows what Retort finds on this machine, and downloads nothing. It
 * times a training step in both precisions, which takes about two seconds.
 *
 * @module
 */
import { join } from "node:path";
import { fasterPrecision, type PrecisionTimes, timePrecisions } from "../engine/precision_times.ts";
import { findDataFolder } from "../files/data_folder.ts";
import { type Device, devices } from "../tensorflow/devices.ts";
import { findLibrary, type Library } from "../tensorflow/library/find.ts";
import { type Host, thisHost } from "../tensorflow/library/host.ts";
import { findPython, type NoPython, type Python } from "../tensorflow/library/python.ts";
import { printLine, runCommand } from "../terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { Failure, messageOf, systemMessageOf } from "../values/failure.ts";
import { describeTimes, ENGINE_FLAGS } from "./engine_flags.ts";

/** A folder and its entries. */
export interface Folder<Entry> {
  readonly path: string;
  /** The entries, sorted by name; `undefined` if there is no such folder, or it cannot be read. */
  readonly entries?: readonly Entry[];
  /** Why it cannot be read. */
  readonly problem?: string;
}

/** A file or a folder and its size. */
export interface SizedEntry {
  readonly name: string;
  /** Its size in bytes; of a folder, the sum of everything in it. */
  readonly bytes: number;
}

/** The findings on a machine. */
export interface Diagnosis {
  /** The TensorFlow that a run would use; `undefined` if there is none. */
  readonly library?: Library;
  /** Notes about TensorFlow: the reason why there is none, or warnings. */
  readonly notes: readonly string[];
  /** The devices of TensorFlow; none without it. */
  readonly devices: readonly Device[];
  /** Milliseconds of a training step in each precision. `undefined` without TensorFlow. */
  readonly precisions?: PrecisionTimes;
  /** The user's Python, or why there is none. */
  readonly python: Python | NoPython;
  /** The default number of a run's threads. */
  readonly threads: number;
  /** The version of Deno. */
  readonly deno: string;
  /** The folder of the data sets. */
  readonly data: Folder<string>;
  /** The folder of downloads. `undefined` if the user has no home for it. */
  readonly cache: Folder<SizedEntry> | undefined;
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

async function sizesIn(folder: string): Promise<SizedEntry[]> {
  const sized: SizedEntry[] = [];
  for (const name of await namesIn(folder)) {
    sized.push({ name, bytes: await bytesOf(join(folder, name)) });
  }
  return sized;
}

/** The size of a file, or of everything in a folder. What cannot be read, or is gone, has none. */
async function bytesOf(path: string): Promise<number> {
  try {
    const { isDirectory, size } = await Deno.lstat(path);
    return isDirectory ? total(await sizesIn(path)) : size;
  } catch {
    return 0;
  }
}

const total = (sized: readonly SizedEntry[]): number =>
  sized.reduce((sum, { bytes }) => sum + bytes, 0);

async function readFolder<Entry>(
  path: string,
  list: (path: string) => Promise<Entry[]>,
): Promise<Folder<Entry>> {
  try {
    return { path, entries: await list(path) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return { path };
    }
    return { path, problem: systemMessageOf(error) };
  }
}

function devicesOf(library: Library, notes: string[]): Device[] {
  try {
    return devices(library);
  } catch (error) {
    notes.push(messageOf(error));
    return [];
  }
}

/** Collects all findings. A TensorFlow that is missing or unusable is a note, not an error. */
export async function diagnose(data: string, host: Host = thisHost()): Promise<Diagnosis> {
  const notes: string[] = [];
  const library = await findLibrary({ host, download: false, log: (line) => notes.push(line) })
    .catch((error) => {
      if (!(error instanceof Failure)) throw error;
      notes.push(error.message);
      return undefined;
    });
  return {
    library,
    notes,
    devices: library ? devicesOf(library, notes) : [],
    python: await findPython(host.pythons),
    threads: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    data: await readFolder(data, namesIn),
    cache: host.cache === undefined ? undefined : await readFolder(host.cache, sizesIn),
  };
}

/** Findings with the times of a step in both precisions. Why there are none is a note. */
async function withTimes(findings: Diagnosis): Promise<Diagnosis> {
  if (!findings.library) return findings;
  try {
    return { ...findings, precisions: await timePrecisions() };
  } catch (error) {
    return { ...findings, notes: [...findings.notes, messageOf(error)] };
  }
}

const size = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** A name and a value. The name is empty if it is that of the row above. */
type Row = readonly [name: string, value: string];

function folderRows<Entry>(
  name: string,
  { path, entries, problem = "not there yet" }: Folder<Entry>,
  show: (entry: Entry) => string,
): Row[] {
  if (!entries) return [[name, `${path} (${problem})`]];
  return [
    [name, entries.length > 0 ? path : `${path} (empty)`],
    ...entries.map((entry): Row => ["", `  ${show(entry)}`]),
  ];
}

const origins: Readonly<Record<Library["source"], string>> = {
  RETORT_TENSORFLOW: "named by RETORT_TENSORFLOW",
  python: "in the user's Python",
  cache: "in the cache",
  download: "just fetched",
};

function describePython(python: Python | NoPython): string {
  if ("problem" in python) return `none (${python.problem})`;
  const { command, version, pip: own, isManaged } = python;
  const pip = own === null
    ? "without pip"
    : isManaged
    ? "pip installs outside of it only"
    : "with pip";
  return `${version}, ${command}, ${pip}`;
}

function describePrecisions(times: PrecisionTimes): string {
  const pays = fasterPrecision(times) === "bfloat16" ? "pays" : "does not pay";
  return `${pays} here: ${describeTimes(times)}`;
}

/** The findings in two aligned columns. */
export function diagnosisReport(
  { library, notes, devices, precisions, python, threads, deno, data, cache }: Diagnosis,
): string {
  const rows: Row[] = [
    ["TensorFlow", library ? `${library.version}, ${origins[library.source]}` : "none"],
    ...(library ? [["library", library.cc], ["", library.framework]] as const : []),
    ["devices", devices.map(({ name }) => name).join(", ") || "none"],
    ...precisions ? [["bfloat16", describePrecisions(precisions)]] as const : [],
    ["Python", describePython(python)],
    ["threads", String(threads)],
    ["Deno", deno],
    ...folderRows("data", data, (name) => name),
    ...cache
      ? folderRows("cache", cache, ({ name, bytes }) => `${name}  ${size(bytes)}`)
      : [["cache", "none: this user has no home, and XDG_CACHE_HOME names no folder"] as const],
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(12)}${value}`);
  return [...lines, ...notes.map((note) => `\n${note}`)].join("\n");
}

const SPEC = {
  data: ENGINE_FLAGS.data,
  json: { type: "boolean", help: "print the findings as one JSON object" },
} as const satisfies Spec;

/**
 * Runs the command and returns the exit code: 0, or 3 if there is no usable TensorFlow. Rejects
 * with a `Failure` (exit 2) if the arguments are wrong.
 */
export async function runDoctor(
  args: readonly string[],
  print: (text: string) => void,
): Promise<0 | 3> {
  const options = parseFlags(args, SPEC);
  if (options._.length > 0) {
    throw new Failure(2, `deno task doctor takes no argument: ${options._.join(" ")}`);
  }
  if (options.help) {
    print(helpText("deno task doctor [flags]", SPEC));
    return 0;
  }
  const findings = await withTimes(await diagnose(findDataFolder(options.data)));
  print(options.json ? JSON.stringify(findings, null, 2) : diagnosisReport(findings));
  return findings.library ? 0 : 3;
}

if (import.meta.main) await runCommand(() => runDoctor(Deno.args, printLine));
