import { status } from "../../terminal/status.ts";

/** Display of a download's progress. */
export interface DownloadProgress {
  /** Shows the number of bytes so far. */
  update(done: number): void;
  /** Ends the display, whether or not the download is complete. */
  close(): void;
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/** Logs a line at each quarter of `total` bytes, except the last: the caller reports the end. */
export function lineProgress(
  label: string,
  total: number,
  log: (line: string) => void,
): DownloadProgress {
  let last = 0;
  return {
    update(done) {
      const quarter = Math.min(3, Math.floor(4 * done / total));
      if (quarter > last) log(`${label}: ${megabytes(done)} of ${megabytes(total)}`);
      last = Math.max(last, quarter);
    },
    close() {},
  };
}

/** Logs lines to `log`. Default: a bar on standard error if it is a terminal, else lines there. */
export function progress(
  label: string,
  total: number,
  log?: (line: string) => void,
): DownloadProgress {
  if (log || !Deno.stderr.isTerminal()) return lineProgress(label, total, log ?? console.error);
  const { update, close } = status();
  return {
    update: (done) =>
      update(Math.min(1, done / total), `${label}: ${megabytes(done)} of ${megabytes(total)}`),
    close,
  };
}
