import { fileSource } from "../../lib/files/byte_source.ts";
import { Failure, messageOf } from "../../lib/values/failure.ts";
import type { Pages } from "./parquet_pages.ts";

/** An opened parquet file. */
export interface Parquet extends Omit<Pages, "groups">, Disposable {
  /** Its path, for messages. */
  readonly path: string;
  /**
   * Reads these columns, one group of rows after the other: a value per column. Texts are bytes
   * unless the file says that they are texts. Rejects with a `Failure` (exit 3) that names the file
   * if it is damaged.
   */
  rows(columns: readonly string[]): AsyncGenerator<readonly unknown[]>;
}

/**
 * Opens a parquet file, which the caller disposes. Rejects with a `Failure` (exit 3) that names it
 * and ends with `again` if it is none.
 */
export async function openParquet(path: string, again: string): Promise<Parquet> {
  // Most runs need no parquet file, so that its reader is loaded here.
  const { readPages } = await import("./parquet_pages.ts");
  const source = fileSource(path);
  const broken = (error: unknown) => {
    // The reader's own words are about its structures, which a damaged file lacks.
    const reason = error instanceof TypeError ? "it is damaged" : messageOf(error);
    return new Failure(3, `cannot read ${path} (${reason}): ${again}`, { cause: error });
  };
  const { groups, ...about } = await readPages(source).catch((error) => {
    source[Symbol.dispose]();
    throw broken(error);
  });
  return {
    path,
    ...about,
    async *rows(columns) {
      for (const group of groups) {
        yield* await group(columns).catch((error) => {
          throw broken(error);
        });
      }
    },
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}
