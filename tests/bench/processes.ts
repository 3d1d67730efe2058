import { fileURLToPath } from "node:url";
import type { Case, Compared } from "./case.ts";
import type { Rates, Reading } from "./data_rates.ts";
import type { OurStepTime } from "./step.ts";
import type { Way, WayTime } from "./torch_ways.ts";

/** The settings of every process. */
export interface Measure {
  /** Number of timed steps. */
  readonly steps: number;
  /** Number of threads. Default: the framework's own. */
  readonly threads?: number;
  /** The workers that share each batch, host:port,host:port. Default: one process alone. */
  readonly cluster?: string;
  /** The number of this process among them. */
  readonly rank?: number;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Times our step in its own process. */
export async function timeOurs(what: Case, how: Measure): Promise<OurStepTime> {
  const run = ["run", "-A", "--config", path("../../deno.json"), path("step.ts")];
  return JSON.parse(
    await output(Deno.execPath(), [...run, ...asFlags({ ...what, ...how }), ...sinceNow()]),
  );
}

/** Milliseconds that a process of PyTorch may take, compilation included. */
const PATIENCE = 300_000;

/**
 * Times PyTorch's step in its own process, which keeps what it compiles in the folder `cache`. What
 * PyTorch says goes to stderr if it fails.
 */
export async function timeTorch(
  python: string,
  cache: string,
  what: Compared,
  way: Way,
  how: Measure,
): Promise<WayTime> {
  const script = "method" in what
    ? "torch_methods.py"
    : "vit" in what
    ? "torch_vit.py"
    : "detector" in what
    ? "torch_detection.py"
    : "torch_step.py";
  const limit = AbortSignal.timeout(PATIENCE);
  const { success, stdout, stderr } = await new Deno.Command(python, {
    args: [path(script), ...asFlags({ ...what, ...how, ...way }), ...sinceNow()],
    env: { TORCHINDUCTOR_CACHE_DIR: cache },
    signal: limit,
  }).output();
  if (success) return JSON.parse(new TextDecoder().decode(stdout));
  if (limit.aborted) return { failed: `not done after ${PATIENCE / 1000} s` };
  await Deno.stderr.write(stderr);
  return { failed: new TextDecoder().decode(stderr).trim().split("\n").at(-1) || "no message" };
}

/** Reads the images of a folder by our reader, or by that of this Python's torchvision. */
export async function readFolder(
  folder: string,
  python: string | undefined,
  reading: Reading,
): Promise<Rates> {
  const flags = Object.entries({ folder, ...reading }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  return JSON.parse(
    python === undefined
      ? await output(Deno.execPath(), [
        ...["run", "-A", "--config", path("../../deno.json"), path("read_images.ts")],
        ...flags,
      ])
      : await output(python, [path("torch_data.py"), ...flags]),
  );
}

/** Whether this Python can import a package. */
export async function hasPackage(python: string, name: string): Promise<boolean> {
  try {
    return (await new Deno.Command(python, { args: ["-c", `import ${name}`], stderr: "null" })
      .output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return false;
    }
    throw error;
  }
}

function asFlags(flags: object): string[] {
  return Object.entries(flags).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  );
}

const sinceNow = (): string[] => ["--since", String(Date.now())];

async function output(program: string, args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(program, { args, stderr: "inherit" }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}
