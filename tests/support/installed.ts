import { granted } from "./needs.ts";

/** Whether a command is installed that this process may run. It has to know `--version`. */
export async function isInstalled(command: string): Promise<boolean> {
  if (!await granted(["run"])) return false;
  try {
    const process = new Deno.Command(command, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    });
    return (await process.output()).success;
  } catch {
    // A command that is not there throws before there is a promise.
    return false;
  }
}
