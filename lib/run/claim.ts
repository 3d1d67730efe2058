/**
 * The claim of a trial: one process at a time trains in a run's folder.
 *
 * The claim lies beside the folder, `seed-1.claim` beside `seed-1`. Its owner may rename the folder
 * (`RunFolder.putAside`), and a claim inside would go with it and leave the name to others. Also,
 * the folder need not exist yet.
 *
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { type HeldLease, Lease, Leases } from "../files/lease.ts";
import { describeHolder } from "../files/lease_holder.ts";
import { resultLocks } from "../project/result.ts";
import { Failure } from "../values/failure.ts";
import type { RunFolder } from "./run_folder.ts";
import type { Settings } from "./settings.ts";

/** The claim of a trial, held until it is disposed. */
export class Claim implements Disposable {
  readonly #lease: Lease;
  readonly #title: string;
  #released = false;

  /** Holds the lease of the trial with this title. */
  constructor(lease: Lease, title: string) {
    this.#lease = lease;
    this.#title = title;
  }

  /** Tells others that this process trains the trial now: they do not wait for it any more. */
  settle(): void {
    this.#lease.settle();
  }

  /**
   * Renews the claim, before something is written into the folder. Throws a `Failure` (exit 1) if
   * another process has taken the trial over, because this one stood still for minutes.
   */
  check(): void {
    if (this.#lease.renew()) return;
    throw new Failure(
      1,
      `${this.#title}: this process stood still for so long that another one took the trial over; ` +
        "what it has not saved is dropped, and the other one goes on",
    );
  }

  /** Whether this process has given the trial back. */
  get released(): boolean {
    return this.#released;
  }

  /** Releases the claim. */
  [Symbol.dispose](): void {
    this.#released = true;
    this.#lease[Symbol.dispose]();
  }
}

/**
 * Claims a trial, or says who holds it. Takes it over from a process that is dead. Throws a
 * `Failure` (exit 3) if the file system refuses.
 */
export function tryClaim(
  { path }: Pick<RunFolder, "path">,
  title: string,
  leases: Leases,
): Claim | HeldLease {
  const lease = leases.take(`${path}.claim`);
  return lease instanceof Lease ? new Claim(lease, title) : lease;
}

/**
 * Removes the claim on a trial that is done, and the locks of its result, if the process died before
 * it released them.
 */
export function clearLeases(
  { folder, root, identity: { id } }: {
    readonly folder: Pick<RunFolder, "path">;
    readonly root: string;
    readonly identity: { readonly id: string };
  },
): void {
  const leases = new Leases();
  for (const path of [`${folder.path}.claim`, ...resultLocks(root, id)]) leases.clear(path);
}

/** Milliseconds between two looks at a claim that another process holds. */
const PERIOD = 1000;

/**
 * Claims a trial. Rejects with a `Failure` (exit 2) if a living process holds it. Watches a process
 * on another machine, or one whose start the system does not tell, until it renews its claim or
 * counts as dead, which takes minutes.
 */
export async function claim(
  folder: Pick<RunFolder, "path">,
  title: string,
  { status, interrupted }: Pick<Settings, "status" | "interrupted">,
  leases: Leases = new Leases(),
): Promise<Claim> {
  for (let isSaid = false;; isSaid = true) {
    const claimed = tryClaim(folder, title, leases);
    if (claimed instanceof Claim) return claimed;
    const claimant = describeHolder(claimed.holder);
    if (claimed.isAlive) {
      throw new Failure(
        2,
        `${title} is being trained by ${claimant}: wait until it is done; \`deno task exp\` with ` +
          "--pending trains what no other process does",
      );
    }
    if (interrupted()) throw new Failure(130, `${title}: interrupted before the training`);
    if (!isSaid) status.line(`${title}: watches whether ${claimant}, which claimed it, is alive`);
    await pause(PERIOD);
  }
}
