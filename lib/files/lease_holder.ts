/**
 * Who holds a lease: a process, told from every other one, also from a later one with its number.
 *
 * @module
 */
import process from "node:process";
import { count, looseObject, nullable, type Reader, text } from "../values/reader.ts";

/** A process that holds a lease. */
export type LeaseHolder = {
  /** The name of its machine, for people. */
  readonly host: string;
  /**
   * What its process number belongs to: a boot of a machine and a namespace of processes, where the
   * system tells them; else the machine's name. Containers may share that name. If this process
   * may not even ask for it, a text that no other machine has.
   */
  readonly machine: string;
  /** Its process number. */
  readonly process: number;
  /** When it began, in the clock ticks of its machine. `null` if the system does not tell. */
  readonly started: string | null;
};

/** Reads a holder from the JSON of a lease. */
export const leaseHolder: Reader<LeaseHolder> = looseObject<LeaseHolder>({
  host: text,
  machine: text,
  process: count,
  started: nullable(text),
});

/** This process as a holder. */
export function thisHolder(): LeaseHolder {
  // Asking without the permission would stop at a prompt.
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "hostname" });
  const host = state === "granted" ? Deno.hostname() : undefined;
  const boot = tell(() => Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim());
  const namespace = tell(() => Deno.readLinkSync("/proc/self/ns/pid"));
  return {
    host: host ?? "an unknown machine",
    machine: boot && namespace ? `${boot} ${namespace}` : host ?? crypto.randomUUID(),
    process: Deno.pid,
    started: startOf(Deno.pid) ?? null,
  };
}

/** Names a holder for the user. `undefined`: an unknown one. */
export function describeHolder(holder: LeaseHolder | undefined): string {
  return `another process${holder ? ` (${holder.host}, process ${holder.process})` : ""}`;
}

/** Whether a holder on this machine is known to have ended. */
export function hasEnded({ process: number, started }: LeaseHolder): boolean {
  try {
    process.kill(number, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return true;
  }
  const now = startOf(number);
  // A system may hide other users' processes.
  return started !== null && now !== undefined && now !== started;
}

/** When a process of this machine began. `undefined` if the system does not tell. */
function startOf(number: number): string | undefined {
  const line = tell(() => Deno.readTextFileSync(`/proc/${number}/stat`));
  // The second field is the program's name in brackets, which may hold spaces and brackets.
  const [state, ...fields] = line?.slice(line.lastIndexOf(")") + 2).split(" ") ?? [];
  // Of a zombie, only the exit code is left.
  return state === "Z" ? "ended" : fields[18];
}

/** What the system tells. `undefined` if it has no such file, or this process may not read it. */
function tell(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The system's code of an error, e.g. `ENOENT`. `undefined` if it has none. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
