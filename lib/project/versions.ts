import * as tf from "@tensorflow/tfjs";
import { existsSync, readFileSync } from "node:fs";

/** The versions of the software of a run. */
export interface Versions {
  /** Retort's version in its `deno.json`; `null` if that file cannot be found. */
  readonly retort: string | null;
  readonly deno: string;
  readonly tfjs: string;
  /** TensorFlow's version; `null` on tfjs's own backend. */
  readonly tensorflow: string | null;
}

/** The versions of this process. */
export function versions(tensorflow: string | null): Versions {
  const config = new URL("../../deno.json", import.meta.url);
  const retort = config.protocol === "file:" && existsSync(config)
    ? JSON.parse(readFileSync(config, "utf8")).version as string
    : null;
  return { retort, deno: Deno.version.deno, tfjs: tf.version.tfjs, tensorflow };
}

const commits = new Map<string, Promise<string | null>>();

/**
 * The git commit of a project when this process first asked for it: the process runs the modules
 * that it loaded then.
 */
export function loadedCommit(root: string): Promise<string | null> {
  const known = commits.get(root) ?? commit(root);
  commits.set(root, known);
  return known;
}

/**
 * Reads the git commit of a project, followed by `-dirty` if a module differs from it. The project
 * may be a subfolder of its repository. `null` outside a repository, or if git tracks no module of
 * the project.
 */
export async function commit(root: string): Promise<string | null> {
  const git = async (...args: string[]) => {
    const { success, stdout } = await new Deno.Command("git", { args, cwd: root, stderr: "null" })
      .output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  };
  try {
    if (!await git("ls-files", "--", "*.ts")) return null;
    const hash = await git("rev-parse", "HEAD");
    const changed = await git("status", "--porcelain", "--", "*.ts", "deno.json");
    return hash ? `${hash}${changed ? "-dirty" : ""}` : null;
  } catch {
    // There is no git on this machine.
    return null;
  }
}
