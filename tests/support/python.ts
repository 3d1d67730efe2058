/** Tests that run Python. */
import { everything, granted } from "./needs.ts";

/**
 * Registers a test that is ignored if one of these Python packages is missing. Its name then says
 * how to install them.
 */
export async function needsPython(
  packages: readonly string[],
  name: string,
  fn: () => Promise<void>,
): Promise<void> {
  const allowed = await granted(everything);
  const isThere = allowed && await has(packages);
  const way = allowed
    ? `needs python3 -m pip install ${packages.join(" ")}`
    : "run: deno task test";
  Deno.test({ name: isThere ? name : `${name} (${way})`, ignore: !isThere, fn });
}

const python = (): string => Deno.env.get("RETORT_PYTHON") || "python3";

/** Whether the packages are installed. Importing them would take seconds. */
async function has(packages: readonly string[]): Promise<boolean> {
  const probe =
    "import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))";
  try {
    return (await new Deno.Command(python(), { args: ["-c", probe, ...packages], stdin: "null" })
      .output()).success;
  } catch {
    return false;
  }
}

/** Runs a script of this folder with JSON as its input. Returns the JSON that it prints. */
export async function runPython(
  script: string,
  args: readonly string[],
  input: unknown,
): Promise<unknown> {
  const path = new URL(script, import.meta.url).pathname;
  const child = new Deno.Command(python(), {
    args: [path, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(input)));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}
