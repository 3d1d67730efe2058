/**
 * Trials that any number of processes share.
 *
 * Each process takes the first trial in the list's order that is not done, whose foundations
 * (teachers and first stages) are done, and that no living process holds. Where others hold trials
 * that its own build on, it waits. It ends when nothing is left that it could ever take: the rest
 * is done, is trained by processes that were seen to be alive, or builds on what failed here. A
 * process that has claimed trials may give some of them back until it trains them, so the others
 * wait until then. Whether a trial is done is only judged while it is claimed.
 *
 * @module
 */
import type { HeldLease } from "../files/lease.ts";
import { Claim } from "./claim.ts";

/** A trial that this process has claimed. */
export interface ClaimedTrial<T> {
  readonly trial: T;
  readonly claim: Claim;
}

/** How trials are shared between processes. */
export interface Sharing<T> {
  /** The trials of the same list that a trial builds on. */
  readonly foundations: (trial: T) => readonly T[];
  /** Claims a trial, or says who holds it. */
  readonly claim: (trial: T) => Promise<Claim | HeldLease>;
  /** Whether a claimed trial is done. `isTried` tells whether this process has trained it. */
  readonly isDone: (trial: T, isTried: boolean) => Promise<boolean>;
  /** Whether a claimed trial that is not done must not be trained. Default: never. */
  readonly isRefused?: (trial: T) => Promise<boolean>;
  /** Whether a trial trains together with those already claimed. Default: never. */
  readonly joins?: (group: readonly T[], trial: T) => boolean;
  /** Pauses before the next look at trials that other processes hold. */
  readonly wait: (awaited: ReadonlyMap<T, HeldLease>) => Promise<void>;
}

/**
 * Claims trials of a list, each after those that it builds on, and yields one after the other, or
 * groups that train together. Their claims are released when the next one is asked for, or the loop
 * is left. A trial that is not done by then has failed and is not yielded again, unless its claim was
 * released before. One that is refused counts as failed.
 */
export async function* shareTrials<T>(
  trials: readonly T[],
  sharing: Sharing<T>,
): AsyncGenerator<readonly ClaimedTrial<T>[]> {
  const open = new Set(trials);
  const tried = new Set<T>();
  for (;;) {
    using claims = new DisposableStack();
    const group: ClaimedTrial<T>[] = [];
    const held = new Map<T, HeldLease>();
    for (const trial of trials) {
      if (!open.has(trial) || sharing.foundations(trial).some((one) => open.has(one))) continue;
      const members = group.map(({ trial }) => trial);
      if (members.length > 0 && !sharing.joins?.(members, trial)) continue;
      const claim = await sharing.claim(trial);
      if (!(claim instanceof Claim)) {
        held.set(trial, claim);
        continue;
      }
      // Released at once, unless it moves to the claims of the group.
      using unused = new DisposableStack();
      unused.use(claim);
      if (await sharing.isDone(trial, tried.has(trial))) open.delete(trial);
      else if (!tried.has(trial) && await sharing.isRefused?.(trial)) tried.add(trial);
      if (!open.has(trial) || tried.has(trial)) continue;
      claims.use(unused.move());
      group.push({ trial, claim });
    }
    if (group.length > 0) {
      yield group;
      for (const { trial, claim } of group) {
        if (claim.released) continue;
        tried.add(trial);
        if (await sharing.isDone(trial, true)) open.delete(trial);
      }
      continue;
    }
    const awaited = selectAwaited([...open], tried, held, sharing.foundations);
    if (awaited.size === 0) return;
    await sharing.wait(awaited);
  }
}

/**
 * Selects, of the trials that others hold, those to wait for: a trial that this process could take
 * builds on it, or its holder may be dead or give it back, so that this process could take it over.
 * `open` are the trials that are not done, in the queue's order, `tried` those that were not done
 * after this process had trained them, or that it refused.
 */
export function selectAwaited<T>(
  open: readonly T[],
  tried: ReadonlySet<T>,
  held: ReadonlyMap<T, HeldLease>,
  foundations: (trial: T) => readonly T[],
): ReadonlyMap<T, HeldLease> {
  const hopeless = new Set<T>();
  const needed = new Set<T>();
  for (const trial of open) {
    const missing = foundations(trial).filter((one) => open.includes(one));
    const hasFailed = tried.has(trial) && !held.has(trial);
    if (hasFailed || missing.some((one) => hopeless.has(one))) hopeless.add(trial);
    else missing.forEach((one) => needed.add(one));
  }
  return new Map(
    Array.from(held).filter(([trial, { isAlive, isSettled }]) =>
      needed.has(trial) || !(isAlive && isSettled) && !tried.has(trial)
    ),
  );
}
