import { isDeepStrictEqual as equal } from "node:util";
import { fileURLToPath } from "node:url";
import { filesIn, remains } from "../support/remains.ts";
import { type Ended, ended, type Toys, toysIn } from "../support/toy_runs.ts";

/** A teacher of one epoch and a student of three, each repeatable bit for bit. */
const PAIR = `
const short = sgd({ epochs: 1, batch: 16, lr: 0.05 });
export const teacher = experiment(import.meta, { dataset, schedule: short, student: large, distiller: scratch() });
export const student = experiment(import.meta, { dataset, schedule, teacher: from(teacher), student: small, distiller: kd() });
`;

/** The number of threads decides in which order TensorFlow adds. */
const ARGS = ["toy.ts#student", "--deterministic", "--threads", "2"];

/** The trials that a run leaves. */
const TRIALS = ["teacher", "student"] as const;

/** A project in a folder of its own, and what its run leaves if nothing disturbs it. */
export class Subject {
  readonly toys: Toys;
  /** Milliseconds of the undisturbed run. */
  readonly duration: number;
  readonly #whole: unknown;

  private constructor(toys: Toys, duration: number, whole: unknown) {
    this.toys = toys;
    this.duration = duration;
    this.#whole = whole;
  }

  /** Makes the project in an empty folder and runs it once. */
  static async in(folder: string): Promise<Subject> {
    const toys = await toysIn(folder, PAIR);
    // The first run also fills the caches of Deno and of the type check.
    for (let run = 0;; run++) {
      const began = performance.now();
      const { code, err } = await toys.command(ARGS);
      if (code !== 0) throw new Error(`the undisturbed run ends with ${code}:\n${err}`);
      const subject = new Subject(toys, performance.now() - began, await leftBy(toys));
      if (run === 1) return subject;
      await subject.reset();
    }
  }

  /** Removes all that runs have left. */
  async reset(): Promise<void> {
    for (const path of ["runs", "toy"]) {
      await Deno.remove(this.toys.path(path), { recursive: true }).catch(() => {});
    }
  }

  /** Starts the run. */
  start(env: Record<string, string> = {}): Deno.ChildProcess {
    return this.toys.start(ARGS, env);
  }

  /** Starts the run by a script of the shell, which has its command as `"$0" "$@"`. */
  startBy(script: string): Deno.ChildProcess {
    const exp = fileURLToPath(new URL("../../lib/commands/exp.ts", import.meta.url));
    return new Deno.Command("bash", {
      args: ["-c", script, Deno.execPath(), "run", "-A", exp, ...ARGS],
      cwd: this.toys.folder,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Starts the run and kills it after some milliseconds. */
  async kill(after: number): Promise<Ended> {
    const child = this.start();
    const timer = setTimeout(() => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
    }, after);
    const end = await ended(child);
    clearTimeout(timer);
    return end;
  }

  /**
   * Runs to the end. Gives `undefined` if all is as if nothing had happened, else a line that says
   * what is not.
   */
  async finish(): Promise<string | undefined> {
    const end = await ended(this.start());
    if (end.code !== 0) return `exit ${end.code}: ${lastLine(end.err)}`;
    return await this.difference();
  }

  /** What the runs left that an undisturbed run does not leave. `undefined` if nothing. */
  async difference(): Promise<string | undefined> {
    const left = await leftBy(this.toys);
    if (equal(left, this.#whole)) return undefined;
    const [ours, whole] = [left, this.#whole as typeof left];
    if (!equal(ours.files, whole.files)) {
      const extra = ours.files.filter((file) => !whole.files.includes(file));
      const missing = whole.files.filter((file) => !ours.files.includes(file));
      return `files: left ${extra.join(", ") || "none"}, missing ${missing.join(", ") || "none"}`;
    }
    return `${TRIALS.filter((_, i) => !equal(ours.trials[i], whole.trials[i])).join(", ")} differs`;
  }
}

/** Says what is wrong with the words of a process that failed. `undefined` if nothing is. */
export function wrongWords({ code, err }: Ended, expected: readonly number[]): string | undefined {
  if (/^\s+at .*:\d+:\d+/m.test(err)) return `exit ${code} with a stack trace: ${lastLine(err)}`;
  return expected.includes(code) ? undefined : `exit ${code}: ${lastLine(err)}`;
}

/** The last line of a text. */
export function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)!.slice(0, 300);
}

async function leftBy(toys: Toys) {
  const trials = [];
  for (const name of TRIALS) trials.push(await remains(toys, name, 1));
  return { trials, files: filesIn(toys.folder) };
}
