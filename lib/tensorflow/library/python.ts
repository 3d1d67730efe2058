// The package is looked for, not imported: that would take seconds. The working folder, '', is left out, since a
// folder of ours or of the user's may well be called tensorflow; so is one without __init__, which has no origin.
const PROBE = `
import os, sys
from importlib.machinery import PathFinder
spec = PathFinder.find_spec("tensorflow", [path for path in sys.path if path])
if spec and spec.origin:
    sys.stdout.buffer.write(b"\\n" + os.fsencode(os.path.dirname(spec.origin)))
`;

/** The folder of the package `tensorflow` in this Python, whichever distribution put it there; none without Python. */
export async function tensorflowInPython(python: string): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(python, { args: ["-c", PROBE], stdin: "null" }).output();
    return success ? new TextDecoder().decode(stdout).split("\n").at(-1) || undefined : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}
