/**
 * Leases: a path that one process holds at a time, on a file system that machines may share.
 *
 * A lease is a folder with one file, whose name no other holder ever has. Each change is one
 * operation that file systems do as a whole, on the machine or on the server of a network:
 *
 * - taken: a prepared folder is renamed to the path, which fails if a folder with a file is there.
 *   Where folders cannot be renamed, a process makes the folder, which fails if it is there, writes
 *   its file, and leaves again if it then finds another one beside it;
 * - renewed: the file's time is set, which fails once the file is gone. Where no time can be set,
 *   its first byte is written again;
 * - settled, by a holder that does not give it back soon: the file gets the ending `.settled`;
 * - released, or taken from a dead holder: the file with the holder's name is removed, so never that
 *   of the next one. An empty folder is free.
 *
 * A holder is dead if its process on this machine has ended, or if it renewed nothing while this
 * process watched it for a long time. No clock is compared with another.
 *
 * @module
 */
import { existsSync, rmdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Failure, systemMessageOf } from "../values/failure.ts";
import { readAs } from "../values/reader.ts";
import { writeFailure } from "./atomic_write.ts";
import {
  codeOf,
  describeHolder,
  hasEnded,
  type LeaseHolder,
  leaseHolder,
  thisHolder,
} from "./lease_holder.ts";

/** How often a holder renews its lease, and when it counts as dead. */
export interface LeaseTimes {
  /** Milliseconds from one renewal to the next. Default: 10 000. */
  readonly beat: number;
  /** Milliseconds of watching without a renewal after which a holder is dead. Default: 300 000. */
  readonly silence: number;
}

/** A lease that this process holds until it is disposed. */
export class Lease implements Disposable {
  readonly #path: string;
  #file: string;
  readonly #timer: ReturnType<typeof setInterval>;
  #lost = false;

  /** Keeps renewing a lease that was just taken. */
  constructor(path: string, name: string, beat: number) {
    this.#path = path;
    this.#file = join(path, name);
    this.#timer = setInterval(() => this.renew(), beat);
    // A lease alone is no reason to keep the process running.
    this.#timer.unref();
  }

  /** Renews the lease now. Returns whether it is still held. */
  renew(): boolean {
    try {
      if (!this.#lost) touch(this.#file);
    } catch (error) {
      // Another error, as of a server that is away, does not say that the lease is lost.
      this.#lost = codeOf(error) === "ENOENT";
    }
    return !this.#lost;
  }

  /**
   * Tells others that it is of no use to wait for the lease. If the file system refuses, they wait
   * until it is released.
   */
  settle(): void {
    const settled = join(this.#path, basename(this.#file, SETTLED) + SETTLED);
    quietly(() => Deno.renameSync(this.#file, settled));
    // A network may lose the answer and send a rename again, which then fails although it worked.
    if (existsSync(settled)) this.#file = settled;
  }

  /** Releases the lease. If it was lost, leaves what its next holder has. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    quietly(() => Deno.removeSync(this.#file));
    quietly(() => rmdirSync(this.#path));
  }
}

/** A lease that another process holds. */
export interface HeldLease {
  /** The holder. `undefined` if it cannot be read: it came or went at this moment, or is damaged. */
  readonly holder: LeaseHolder | undefined;
  /**
   * Whether it was seen to be alive: it runs on this machine, which tells when it began, or was
   * watched when it renewed.
   */
  readonly isAlive: boolean;
  /** Whether the holder has said that it does not give it back soon. */
  readonly isSettled: boolean;
}

/** The file of a lease's holder, as it was last seen. */
interface Sight {
  readonly name: string;
  readonly holder: LeaseHolder | undefined;
  /** When it was renewed, in milliseconds by whatever clock. Only its changes count. */
  readonly renewed: number | undefined;
}

/** A holder under observation. */
interface Watched extends Sight {
  /** Milliseconds of watching since its last renewal. */
  readonly silent: number;
  /** When it was last looked at, in milliseconds. */
  readonly at: number;
  readonly hasRenewed: boolean;
}

/** The leases of one process: takes them, and watches those that others hold. */
export class Leases {
  readonly #times: LeaseTimes;
  readonly #self: LeaseHolder;
  readonly #watched = new Map<string, Watched>();

  /** Begins without a lease. `self` is the process that holds them. Default: this one. */
  constructor(times: Partial<LeaseTimes> = {}, self: LeaseHolder = thisHolder()) {
    this.#times = { beat: 10_000, silence: 300_000, ...times };
    this.#self = self;
  }

  /**
   * Takes a lease that is free or whose holder is dead, or says who holds it. Makes the folders
   * above it. A holder on another machine is found dead only by repeated calls. Throws a `Failure`
   * (exit 3) if the file system refuses.
   */
  take(path: string): Lease | HeldLease {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const sight = look(path);
      if (sight) {
        const held = this.#watch(path, sight);
        if (held) return held;
        quietly(() => Deno.removeSync(join(path, sight.name)));
      }
      const lease = this.#publish(path);
      if (lease) return lease;
    }
    return { holder: undefined, isAlive: true, isSettled: false };
  }

  /**
   * Takes a lease as soon as it is free. Says once who holds it, if that takes more than a moment.
   * Throws like `take`.
   */
  async wait(path: string, say: (line: string) => void = () => {}): Promise<Lease> {
    const begun = performance.now();
    for (let isSaid = false;;) {
      const lease = this.take(path);
      if (lease instanceof Lease) return lease;
      const waited = performance.now() - begun;
      if (!isSaid && waited > MOMENT) {
        say(`waits for ${describeHolder(lease.holder)}, which holds ${path}`);
        isSaid = true;
      }
      // Without a random part, those who wait would collide again and again.
      await pause((5 + Math.min(waited / 10, 500)) * (1 + 4 * Math.random()));
    }
  }

  /** Removes a lease whose holder is dead, unless the file system refuses. */
  clear(path: string): void {
    const sight = look(path);
    if (sight && this.#watch(path, sight)) return;
    if (sight) quietly(() => Deno.removeSync(join(path, sight.name)));
    quietly(() => rmdirSync(path));
  }

  /** Notes what is seen of a holder. `undefined` if it is dead. */
  #watch(path: string, sight: Sight): HeldLease | undefined {
    const { name, holder, renewed } = sight;
    const isHere = holder?.machine === this.#self.machine;
    if (holder && isHere && hasEnded(holder)) return undefined;
    const at = performance.now();
    const before = this.#watched.get(path);
    const isKnown = before?.name === name;
    const isRenewed = isKnown && before.renewed !== renewed;
    const hasRenewed = isRenewed || isKnown && before.hasRenewed;
    // If this process was suspended, so may have been the holder: a gap counts as one beat at most.
    const silent = isKnown && !isRenewed
      ? before.silent + Math.min(at - before.at, this.#times.beat)
      : 0;
    this.#watched.set(path, { ...sight, silent, at, hasRenewed });
    if (silent > this.#times.silence) return undefined;
    // A number alone may be a later process's by now, as in a container that was started again.
    const isKnownHere = isHere && holder.started !== null;
    return {
      holder,
      isAlive: isKnownHere || hasRenewed && silent <= 3 * this.#times.beat,
      isSettled: name.endsWith(SETTLED),
    };
  }

  /** Puts this process's file in place. `undefined` if another process was faster. */
  #publish(path: string): Lease | undefined {
    const name = crypto.randomUUID();
    const staged = `${path}.${name}`;
    try {
      Deno.mkdirSync(staged, { recursive: true });
    } catch (error) {
      throw writeFailure(path, error);
    }
    try {
      Deno.writeTextFileSync(join(staged, name), JSON.stringify(this.#self));
      // Not every system renames a folder over an empty one.
      quietly(() => rmdirSync(path));
      Deno.renameSync(staged, path);
    } catch (error) {
      quietly(() => Deno.removeSync(staged, { recursive: true }));
      // A file has the lease's name.
      if (codeOf(error) === "ENOTDIR") throw writeFailure(path, error);
      // A network may lose the answer and send a rename again, which then fails although it worked.
      if (!isRace(error) && !look(path)) this.#enter(path, name);
    }
    if (!namesIn(path).includes(name)) return undefined;
    removeStaged(path);
    this.#watched.delete(path);
    return new Lease(path, name, this.#times.beat);
  }

  /**
   * Puts this process's file in place where folders cannot be renamed, unless another process is
   * faster. Of several at once, each sees another one's file and leaves, or the last to come does.
   */
  #enter(path: string, name: string): void {
    const file = join(path, name);
    try {
      Deno.mkdirSync(path);
      Deno.writeTextFileSync(file, JSON.stringify(this.#self), { createNew: true });
      if (namesIn(path).length > 1) Deno.removeSync(file);
    } catch (error) {
      quietly(() => Deno.removeSync(file));
      quietly(() => rmdirSync(path));
      if (!isRace(error)) throw writeFailure(path, error);
    }
  }
}

/** The ending of the file of a holder that does not give its lease back soon. */
const SETTLED = ".settled";

/** Milliseconds after which a process that waits says so. */
const MOMENT = 1000;

/** How often a free lease is tried, if another process is faster each time. */
const ATTEMPTS = 5;

/** Whether an error means that another process was faster. */
function isRace(error: unknown): boolean {
  return ["ENOTEMPTY", "EEXIST", "ENOENT"].includes(codeOf(error) ?? "");
}

/**
 * Finds the file of a lease's holder. `undefined` if there is none. Throws a `Failure` (exit 3) if
 * the lease cannot be read.
 */
function look(path: string): Sight | undefined {
  const [name] = namesIn(path);
  if (name === undefined) return undefined;
  const file = join(path, name);
  return unlessGone(path, () => {
    // Reading first makes a network's client ask the server, also for the time.
    const holder = parseHolder(Deno.readTextFileSync(file));
    return { name, holder, renewed: Deno.statSync(file).mtime?.getTime() };
  });
}

/** The files of a lease. Throws a `Failure` (exit 3) if the lease cannot be read. */
function namesIn(path: string): string[] {
  const entries = unlessGone(path, () => Array.from(Deno.readDirSync(path))) ?? [];
  // Network file systems keep a file that was open when it was removed, under such a name.
  return entries.map(({ name }) => name).filter((name) => !name.startsWith(".nfs"));
}

/**
 * Reads something of a lease. `undefined` if it is gone. Throws a `Failure` (exit 3) if it cannot
 * be read.
 */
function unlessGone<T>(path: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    // If something above the path is no folder, preparing a new one says so.
    if (["ENOENT", "ENOTDIR", "ESTALE"].includes(codeOf(error) ?? "")) return undefined;
    const reason = systemMessageOf(error);
    throw new Failure(3, `cannot read ${path}: ${reason}; remove it if no process uses it`, {
      cause: error,
    });
  }
}

/** Gives a file a new time. Throws if it is gone. */
function touch(path: string): void {
  const now = new Date();
  try {
    Deno.utimeSync(path, now, now);
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw error;
    using file = Deno.openSync(path, { write: true });
    // The byte that is there: whoever reads meanwhile finds the same text.
    file.writeSync(new TextEncoder().encode("{"));
  }
}

/** Reads a holder. `undefined` if its file is damaged, as after a power cut. */
function parseHolder(json: string): LeaseHolder | undefined {
  try {
    return readAs(JSON.parse(json), leaseHolder, (problem) => new SyntaxError(problem));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Removes what others prepared for a lease that this process holds. Some of them died meanwhile;
 * the others come too late and look again.
 */
function removeStaged(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const { name } of Deno.readDirSync(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    quietly(() => Deno.removeSync(join(dirname(path), name), { recursive: true }));
  }
}

/** Tries to remove something that may be gone, or in use by another process. */
function quietly(remove: () => void): void {
  try {
    remove();
  } catch {
    // The next look at the path shows what is there.
  }
}
