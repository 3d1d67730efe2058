/** Small libraries that a test compiles with gcc. */
import { fileURLToPath } from "node:url";
import { isInstalled } from "./installed.ts";
import { everything, granted, needs } from "./needs.ts";

/** Registers a test that needs gcc. Without gcc, the test is ignored and its name says so. */
export async function needsGcc(name: string, fn: () => void | Promise<void>): Promise<void> {
  if (!await granted(everything) || await isInstalled("gcc")) {
    return await needs(everything, name, fn);
  }
  Deno.test({ name: `${name} (needs gcc)`, ignore: true, fn });
}

/** Compiles C code to a shared library at `path`. */
export async function compileLibrary(code: string, path: string): Promise<void> {
  const source = `${path}.c`;
  await Deno.writeTextFile(source, code);
  const { success, stderr } = await new Deno.Command("gcc", {
    args: ["-shared", "-fPIC", "-o", path, source, "-ldl"],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  await Deno.remove(source);
}

/**
 * Compiles the library that, preloaded, makes system calls fail: those that the environment's
 * `REFUSE` lists, with the error number `ERRNO`. Returns its path in the folder.
 */
export async function compileRefuse(folder: string): Promise<string> {
  const path = `${folder}/refuse.so`;
  const source = fileURLToPath(new URL("refuse.c", import.meta.url));
  await compileLibrary(await Deno.readTextFile(source), path);
  return path;
}
