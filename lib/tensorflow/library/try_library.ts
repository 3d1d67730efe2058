import { cpus } from "node:os";
import { join } from "node:path";
import { Failure } from "../../values/failure.ts";
import { sha256 } from "../../values/sha256.ts";
import type { LibraryFiles } from "./layout.ts";
import { waysOut } from "./ways_out.ts";

/**
 * Loads a library in a process of its own, since one that the processor cannot run ends the process
 * that loads it. Remembers in the folder `memory` that it went well, for these files on this kind of
 * processor, and is then done at once. Default: no memory. Rejects with a `Failure` (exit 3) that
 * has the library's last words if the process was ended. Any other problem shows where it is loaded
 * for good.
 */
export async function tryLibrary(files: LibraryFiles, memory?: string): Promise<void> {
  // A program made by `deno compile` cannot run other code, and starting a process may be forbidden.
  if (Deno.build.standalone || !await mayRun()) return;
  const note = memory && join(memory, `loads-${await identityOf(files)}`);
  if (note && await isThere(note)) return;
  const { stdout, stderr, signal, code } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", "--no-lock", "--quiet", TRY, files.framework, files.cc],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const outcome = decoder.decode(stdout).trim();
  if (outcome === "loaded" && note) await remember(note, files);
  if (outcome !== "") return;
  const words = decoder.decode(stderr).trim().split("\n").slice(-LINES).join("\n");
  throw new Failure(
    3,
    `${files.cc} ends the process that loads it (${signal ?? `exit code ${code}`}); ` +
      `it may be for another processor. Its last words:\n${words || "none"}\n${waysOut()}`,
  );
}

/** Lines of a library's last words. */
const LINES = 4;

// Ends itself before the system unloads TensorFlow, which would crash it.
const TRY = `
let outcome = "loaded";
try {
  for (const path of Deno.args) Deno.dlopen(path, {});
} catch {
  outcome = "refused";
}
Deno.stdout.writeSync(new TextEncoder().encode(outcome));
Deno.kill(Deno.pid, "SIGKILL");
`;

async function mayRun(): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "run", command: Deno.execPath() });
  return state === "granted";
}

/** A text that tells a library's files, and what the processor can do, from others. */
async function identityOf({ cc, framework }: LibraryFiles): Promise<string> {
  const seen: unknown[] = [await processor()];
  for (const path of [cc, framework]) {
    const { size, mtime, ino } = await Deno.stat(path);
    seen.push(path, size, mtime?.getTime(), ino);
  }
  return (await sha256(new TextEncoder().encode(JSON.stringify(seen)))).slice(0, 16);
}

/** What the processor can do, or else its model. */
async function processor(): Promise<string | undefined> {
  const info = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  return info.match(/^(flags|Features)\s*:.*$/m)?.[0] ?? cpus()[0]?.model;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Notes that a library loads. Without a place for the note, it is tried again next time. */
async function remember(note: string, { cc }: LibraryFiles): Promise<void> {
  // Writing without the permission would stop at a prompt.
  const { state } = await Deno.permissions.query({ name: "write", path: note });
  if (state !== "granted") return;
  await Deno.mkdir(join(note, ".."), { recursive: true })
    .then(() => Deno.writeTextFile(note, `${cc}\n`)).catch(() => {});
}
