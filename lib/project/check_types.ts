import { Failure } from "../values/failure.ts";
import { projectRoot } from "./identify.ts";

/**
 * Checks the types of modules, given by their files, and of all that they import: what Deno runs it
 * does not check, and much of what can be wrong with an experiment is told by its types alone. Deno
 * remembers what it has checked, so this takes a moment only where something changed. Rejects with
 * a `Failure` (exit 2) that has the compiler's words.
 */
export async function checkTypes(files: readonly string[]): Promise<void> {
  // A compiled program has no compiler in it.
  if (Deno.build.standalone) return;
  const main = Deno.mainModule;
  const cwd = main.startsWith("file:") ? projectRoot(main) : Deno.cwd();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", ...new Set(files)],
    cwd,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  const [said] = new TextDecoder().decode(stderr).split(/\s*(?:Found \d+ errors\.\s*)?\nerror:/);
  if (!success && /TS\d+ \[ERROR\]/.test(said)) {
    throw new Failure(2, `this does not compile:\n\n${said}`);
  }
}
