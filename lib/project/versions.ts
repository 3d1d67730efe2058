import * as tf from "@tensorflow/tfjs";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Versions of what takes part in a run. */
export interface Versions {
  /** Retort's own, as its `deno.json` says; null where it is not at hand. */
  readonly retort: string | null;
  /** Deno's. */
  readonly deno: string;
  /** tfjs's. */
  readonly tfjs: string;
  /** TensorFlow's; null on tfjs's own backend. */
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

/**
 * The git commit of a project, `-dirty` behind it where a module differs from it; null outside a
 * repository.
 */
export async function commit(root: string): Promise<string | null> {
  if (!existsSync(join(root, ".git"))) return null;
  const git = async (...args: string[]) => {
    const { success, stdout } = await new Deno.Command("git", { args, cwd: root, stderr: "null" })
      .output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  };
  try {
    const hash = await git("rev-parse", "HEAD");
    const changed = await git("status", "--porcelain", "--", "*.ts", "deno.json");
    return hash ? `${hash}${changed ? "-dirty" : ""}` : null;
  } catch {
    // No git on this machine: there is nothing to name.
    return null;
  }
}
