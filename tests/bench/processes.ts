import { fileURLToPath } from "node:url";
import type { Case, Compared, VitCase } from "./case.ts";
import type { Rates, Reading } from "./data_rates.ts";
import type { OurStepTime, StepTime } from "./step.ts";

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
    await output(Deno.execPath(), [...run, ...asFlags(what, how), "--since", String(Date.now())]),
  );
}

/** Times PyTorch's step in its own process. */
export async function timeTorch(python: string, what: Compared, how: Measure): Promise<StepTime> {
  const script = path(
    "method" in what
      ? "torch_methods.py"
      : "detector" in what
      ? "torch_detection.py"
      : "torch_step.py",
  );
  return JSON.parse(await output(python, [script, ...asFlags(what, how)]));
}

/** How PyTorch runs a vision transformer. */
export const MODES = ["eager", "compiled"] as const;

/** A step of a vision transformer in PyTorch. */
export interface TorchVitCase extends VitCase {
  readonly mode: typeof MODES[number];
}

/** Times PyTorch's step of a vision transformer in its own process. The first step compiles. */
export async function timeTorchVit(
  python: string,
  what: TorchVitCase,
  how: Measure,
): Promise<OurStepTime> {
  return JSON.parse(await output(python, [path("torch_vit.py"), ...asFlags(what, how)]));
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

function asFlags(what: Case, how: Measure): string[] {
  return Object.entries({ ...what, ...how }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  );
}

async function output(program: string, args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(program, { args, stderr: "inherit" }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}
