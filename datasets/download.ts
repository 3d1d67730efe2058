import { createHash } from "node:crypto";
import { Failure } from "../lib/failure.ts";
import { elsewhere, lookUp, reason } from "./files.ts";

/** A published file: where from, its checksum, where to. */
export interface Download {
  /** The address. */
  readonly url: string;
  /** The MD5 that its publisher names, in hexadecimal. */
  readonly md5: string;
  /** The file it becomes. Until it is whole it is this name with `.part`, which a later attempt goes on from. */
  readonly to: string;
}

/** A server that sends nothing for so many milliseconds is given up. */
const PATIENCE = 60_000;

/**
 * Downloads a file unless it is there, going on where an earlier attempt ended, with a line on `log` for every tenth.
 * Two processes at once do it once. Rejects with a `Failure` (exit 3) that names the file and the ways out when there is
 * no network, no room, an early end or a wrong checksum.
 */
export async function download({ url, md5, to }: Download, log: (line: string) => void): Promise<void> {
  const part = `${to}.part`;
  const instead = `or put the file there yourself: ${to} (${elsewhere})`;
  try {
    using file = await Deno.open(part, { create: true, append: true, read: true });
    await file.lock(true);
    // Another process may have finished while this one waited: then the file it opened has been renamed or removed.
    if (await lookUp(to)) return;
    await fetchInto(file, url, log);
    await file.sync();
    const sum = await checksum(part);
    if (sum !== md5) {
      await Deno.remove(part);
      throw new Failure(
        3,
        `${url} came with MD5 ${sum}, expected ${md5}; it was thrown away: run again, ${instead}`,
      );
    }
    await Deno.rename(part, to);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      3,
      `cannot download ${url} to ${to} (${reason(error)}): run again to go on where it ended, ${instead}`,
      { cause: error },
    );
  }
}

/** Appends what the file does not have yet. */
async function fetchInto(file: Deno.FsFile, url: string, log: (line: string) => void): Promise<void> {
  let have = (await file.stat()).size;
  const stalled = new AbortController();
  const giveUp = () => stalled.abort(new Error(`nothing came for ${PATIENCE / 1000} seconds`));
  let timer = setTimeout(giveUp, PATIENCE);
  try {
    const { status, statusText, headers, body } = await fetch(url, {
      signal: stalled.signal,
      headers: have > 0 ? { range: `bytes=${have}-` } : {},
    });
    // 416: nothing follows what is there, so it is whole, or not a part of this file, as the checksum will tell.
    if (status !== 200 && status !== 206 || !body) {
      await body?.cancel();
      if (status === 416) return;
      throw new Error(`the server answers ${status} ${statusText}`);
    }
    if (status === 200) await file.truncate(have = 0);
    const length = Number(headers.get("content-length"));
    const report = progress(url, length && have + length, log);
    for await (const bytes of body) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, PATIENCE);
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      report(have += bytes.length);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Says how far it is, at the beginning and at every tenth; at every 16 MB where the server keeps the length to itself. */
function progress(url: string, total: number, log: (line: string) => void): (have: number) => void {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1), step = total > 0 ? total / 10 : 16e6;
  let said = -1;
  return (have) => {
    const now = Math.floor(have / step);
    if (now === said) return;
    said = now;
    log(`${url}: ${megabytes(have)} ${total > 0 ? `of ${megabytes(total)} ` : ""}MB`);
  };
}

/** The MD5 of a file in hexadecimal. */
export async function checksum(path: string): Promise<string> {
  const hash = createHash("md5");
  for await (const bytes of (await Deno.open(path)).readable) hash.update(bytes);
  return hash.digest("hex");
}
