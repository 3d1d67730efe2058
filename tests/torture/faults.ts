/** Faults at single system calls of a run, by a library that is loaded before the system's own. */
import { fileURLToPath } from "node:url";
import { isInstalled } from "../support/installed.ts";
import { ended } from "../support/toy_runs.ts";
import { campaign, type Limits, type Outcome } from "./campaign.ts";
import { lastLine, type Subject, wrongWords } from "./subject.ts";

/** The errors of disks, by their numbers on Linux. */
const ERRORS = { ENOSPC: 28, EROFS: 30, EDQUOT: 122, EIO: 5 } as const;

/** An order in which to visit this many things. */
type Order = (count: number) => ArrayLike<number>;

/** The library of faults, and the number of calls of a subject's run that change files. */
export class Faults {
  readonly calls: number;
  readonly #subject: Subject;
  readonly #env: Record<string, string>;

  private constructor(subject: Subject, env: Record<string, string>, calls: number) {
    this.#subject = subject;
    this.#env = env;
    this.calls = calls;
  }

  /** Compiles the library into `folder` and counts the calls. `undefined` without gcc. */
  static async in(folder: string, subject: Subject): Promise<Faults | undefined> {
    const library = `${folder}/faults.so`;
    const source = fileURLToPath(new URL("faults.c", import.meta.url));
    const args = ["-shared", "-fPIC", "-o", library, source, "-ldl"];
    if (!await isInstalled("gcc")) return undefined;
    const { success } = await new Deno.Command("gcc", { args }).output();
    if (!success) return undefined;
    const env = { LD_PRELOAD: library, FAULT_FOLDER: await Deno.realPath(subject.toys.folder) };
    await subject.reset();
    const log = `${folder}/calls`;
    const { code, err } = await ended(subject.start({ ...env, FAULT_LOG: log }));
    if (code !== 0) throw new Error(`the counted run ends with ${code}: ${lastLine(err)}`);
    return new Faults(subject, env, (await Deno.stat(log)).size);
  }

  /** Kills the run at one call after the other, in any order, and lets it finish. */
  kills(limits: Limits, order: Order): Promise<Outcome> {
    const { calls } = this;
    const title = `\`kill -9\` at each of ${calls} calls that write, sync, rename or make a file`;
    const indices = order(calls);
    return campaign(title, this.#each(limits, 1), async (index) => {
      const at = 1 + indices[index];
      await this.#subject.reset();
      await ended(this.#subject.start({ ...this.#env, FAULT_AT: `${at}` }));
      const fault = await this.#subject.finish();
      return fault && `killed at call ${at} of ${calls}: ${fault}`;
    });
  }

  /**
   * Lets the disk fail from one call after the other on, in any order, then repairs it and lets the
   * run finish.
   */
  disks(limits: Limits, order: Order): Promise<Outcome> {
    const errors = Object.entries(ERRORS);
    const title = `a disk that fails from each such call on (${Object.keys(ERRORS).join(", ")})`;
    const indices = order(errors.length * this.calls);
    return campaign(title, this.#each(limits, errors.length), async (index) => {
      const [name, number] = errors[indices[index] % errors.length];
      const at = 1 + Math.floor(indices[index] / errors.length);
      await this.#subject.reset();
      const env = { ...this.#env, FAULT_AT: `${at}`, FAULT_ERROR: `${number}` };
      const end = await ended(this.#subject.start(env));
      const fault = wrongWords(end, [0, 3]) ?? await this.#subject.finish();
      return fault && `${name} from call ${at} of ${this.calls} on: ${fault}`;
    });
  }

  #each({ tries, until }: Limits, ways: number): Limits {
    return { tries: Math.min(tries, ways * this.calls), until };
  }
}
