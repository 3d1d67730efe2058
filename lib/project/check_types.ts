import { Failure } from "../values/failure.ts";
import { projectRoot } from "./identify.ts";

/**
 * Checks the types of modules, named by their files, and of all modules that they import. Deno does
 * not check the types of what it runs, and types alone show many mistakes in an experiment. Deno
 * remembers the files that it has checked, so this takes time only if something changed. Rejects
 * with a `Failure` (exit 2) that quotes the compiler.
 */
export async function checkTypes(files: readonly string[]): Promise<void> {
  // A program made by `deno compile` contains no compiler.
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
  const [errors] = new TextDecoder().decode(stderr).split(/\s*(?:Found \d+ errors\.\s*)?\nerror:/);
  if (!success && /TS\d+ \[ERROR\]/.test(errors)) {
    throw new Failure(2, `this does not compile:\n\n${errors}`);
  }
}
