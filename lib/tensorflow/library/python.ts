/**
 * The user's Python: it may have TensorFlow, and its pip downloads TensorFlow.
 *
 * @module
 */
import { systemMessageOf } from "../../values/failure.ts";
import { boolean, looseObject, nullable, readAs, type Reader, text } from "../../values/reader.ts";

/** A Python that answers. */
export type Python = {
  /** The command or the path that starts it. */
  readonly command: string;
  /** Its version, e.g. `3.12.1`, or `unknown`. */
  readonly version: string;
  /** The folder of its package `tensorflow`, from any distribution. `null` if it has none. */
  readonly tensorflow: string | null;
  /** The version of its pip, e.g. `24.0`, or `unknown`. `null` if it has none. */
  readonly pip: string | null;
  /** Whether it can install its own pip. */
  readonly hasEnsurepip: boolean;
  /** Whether its packages belong to the system, so that pip installs none there (PEP 668). */
  readonly isManaged: boolean;
};

/** Why there is no Python to use, for the user. */
export interface NoPython {
  readonly problem: string;
}

// Finds packages without importing them, which would take seconds. Skips the working folder, '',
// since any project may have a folder called tensorflow. Skips a folder without __init__ too, which
// has no origin.
const PROBE = String.raw`
import json, os, re, sys, sysconfig
from importlib.machinery import PathFinder
def find(name):
    spec = PathFinder.find_spec(name, [path for path in sys.path if path])
    return spec.origin if spec else None
def read_version(path):
    with open(path, "rb") as file:
        found = re.search(br"__version__ *= *[\x22']([0-9.]+)", file.read())
    return found.group(1).decode() if found else "unknown"
tensorflow = find("tensorflow")
pip = find("pip")
marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
managed = sys.prefix == sys.base_prefix and os.path.exists(marker)
print()
print(json.dumps(dict(
    version="%d.%d.%d" % sys.version_info[:3],
    tensorflow=os.path.dirname(tensorflow) if tensorflow else None,
    pip=read_version(pip) if pip else None,
    hasEnsurepip=find("ensurepip") is not None and not managed,
    isManaged=managed)))
`;

/** The first pip that downloads for another version of Python than its own. */
const FIRST_PIP = [19, 2];

/** Whether a pip is too old to download TensorFlow. */
export function isOldPip(pip: string): boolean {
  const [major, minor = 0] = pip.split(".").map(Number);
  const [first, second] = FIRST_PIP;
  return major < first || major === first && minor < second;
}

/** What a Python says about itself. */
type Answer = Omit<Python, "command">;

const answer: Reader<Answer> = looseObject<Answer>({
  version: text,
  tensorflow: nullable(text),
  pip: nullable(text),
  hasEnsurepip: boolean,
  isManaged: boolean,
});

/** Of a Python whose answer does not come through, as from a wrapper, only pip shows what it has. */
const UNKNOWN: Answer = {
  version: "unknown",
  tensorflow: null,
  pip: "unknown",
  hasEnsurepip: false,
  isManaged: false,
};

/** Reads the last line of what a Python prints. The user's own start-up files may print too. */
function readAnswer(stdout: string): Answer {
  try {
    const json = JSON.parse(stdout.trim().split("\n").at(-1)!);
    return readAs(json, answer, (problem) => new SyntaxError(problem));
  } catch (error) {
    if (error instanceof SyntaxError) return UNKNOWN;
    throw error;
  }
}

/** Milliseconds after which a Python that gives no answer is left alone. */
const PATIENCE = 15_000;

/**
 * Asks several commands, one after the other, and returns the first Python 3 that answers. If none
 * does, says why.
 */
export async function findPython(
  commands: readonly string[],
  patience: number = PATIENCE,
): Promise<Python | NoPython> {
  const problems: string[] = [];
  for (const command of commands) {
    const found = await ask(command, patience);
    if (!("problem" in found)) return found;
    problems.push(`${command}: ${found.problem}`);
  }
  return { problem: problems.join("; ") };
}

async function ask(command: string, patience: number): Promise<Python | NoPython> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const child = new Deno.Command(command, {
      args: ["-c", PROBE],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const late = new Promise<undefined>((done) => {
      timer = setTimeout(() => done(undefined), patience);
    });
    const output = await Promise.race([child.output(), late]);
    if (!output) {
      child.kill("SIGKILL");
      return { problem: `no answer in ${patience / 1000} seconds` };
    }
    if (!output.success) return { problem: `it ended with exit code ${output.code}` };
    return { command, ...readAnswer(new TextDecoder().decode(output.stdout)) };
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const isAbsent = error instanceof Deno.errors.NotFound;
    const reason = systemMessageOf(error).replace(/^Failed to spawn '.*': /s, "");
    return { problem: isAbsent ? "there is no such command" : reason };
  } finally {
    clearTimeout(timer);
  }
}
