/**
 * `deno task doctor`: what Retort finds on this machine, without fetching or changing anything.
 *
 * @module
 */
import { join } from "node:path";
import { dataFolder } from "../files/data_folder.ts";
import { type Device, devices } from "../tensorflow/devices.ts";
import { findLibrary, type Library } from "../tensorflow/library/find.ts";
import { type Host, thisHost } from "../tensorflow/library/host.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { Failure } from "../values/failure.ts";

/** A folder and what is in it. */
export interface Folder<Entry> {
  /** Its path. */
  readonly path: string;
  /** What is in it, by name; absent where there is no such folder. */
  readonly entries?: readonly Entry[];
}

/** A file or a folder and its size. */
export interface Sized {
  /** Its name in its folder. */
  readonly name: string;
  /** Its bytes, those of everything in it together. */
  readonly bytes: number;
}

/** What was found on a machine. */
export interface Diagnosis {
  /** The TensorFlow that a run would use; absent where there is none yet. */
  readonly library?: Library;
  /** What there is to say about TensorFlow: why there is none, or a warning. */
  readonly notes: readonly string[];
  /** What it computes on; none without it. */
  readonly devices: readonly Device[];
  /** How many threads a run uses unless it is told otherwise. */
  readonly threads: number;
  /** The version of Deno. */
  readonly deno: string;
  /** The folder of the data sets. */
  readonly data: Folder<string>;
  /** The folder of what was fetched. */
  readonly cache: Folder<Sized>;
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

async function sizesIn(folder: string): Promise<Sized[]> {
  const sized: Sized[] = [];
  for (const name of await namesIn(folder)) {
    sized.push({ name, bytes: await bytesOf(join(folder, name)) });
  }
  return sized;
}

async function bytesOf(path: string): Promise<number> {
  const { isDirectory, size } = await Deno.lstat(path);
  return isDirectory ? total(await sizesIn(path)) : size;
}

const total = (sized: readonly Sized[]): number => sized.reduce((sum, { bytes }) => sum + bytes, 0);

async function look<Entry>(
  path: string,
  list: (path: string) => Promise<Entry[]>,
): Promise<Folder<Entry>> {
  try {
    return { path, entries: await list(path) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return { path };
    }
    throw error;
  }
}

function devicesOf(library: Library, notes: string[]): Device[] {
  try {
    return devices(library);
  } catch (error) {
    notes.push(error instanceof Error ? error.message : String(error));
    return [];
  }
}

/** Looks at everything. A TensorFlow that is absent or unusable is a note, not an error. */
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
    threads: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    data: await look(data, namesIn),
    cache: await look(host.cache, sizesIn),
  };
}

const size = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** A name and a value, the name empty where it is that of the row above. */
type Row = readonly [name: string, value: string];

function folderRows<Entry>(
  name: string,
  { path, entries }: Folder<Entry>,
  show: (entry: Entry) => string,
): Row[] {
  if (!entries) return [[name, `${path} (not there yet)`]];
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

/** The findings in two aligned columns. */
export function diagnosisReport(
  { library, notes, devices, threads, deno, data, cache }: Diagnosis,
): string {
  const rows: Row[] = [
    ["TensorFlow", library ? `${library.version}, ${origins[library.source]}` : "none"],
    ...(library ? [["library", library.cc], ["", library.framework]] as const : []),
    ["devices", devices.map(({ name }) => name).join(", ") || "none"],
    ["threads", String(threads)],
    ["Deno", deno],
    ...folderRows("data", data, (name) => name),
    ...folderRows("cache", cache, ({ name, bytes }) => `${name}  ${size(bytes)}`),
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(12)}${value}`);
  return [...lines, ...notes.map((note) => `\n${note}`)].join("\n");
}

const SPEC = {
  data: { type: "string", help: "the folder of the data sets; RETORT_DATA or ./data by default" },
  json: { type: "boolean", help: "print the findings as one JSON object" },
} as const satisfies Spec;

/**
 * Runs the command and returns the exit code: 0, or 3 where there is no usable TensorFlow. Throws a
 * `Failure` (exit 2).
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
  const findings = await diagnose(dataFolder(options.data));
  print(options.json ? JSON.stringify(findings, null, 2) : diagnosisReport(findings));
  return findings.library ? 0 : 3;
}

if (import.meta.main) {
  try {
    Deno.exit(await runDoctor(Deno.args, console.log));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    Deno.exit(error.exit);
  }
}
