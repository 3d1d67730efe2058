import type { FileMetaData } from "hyparquet";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { fileSource } from "../../lib/files/byte_source.ts";
import { Failure, messageOf } from "../../lib/values/failure.ts";

/** An opened parquet file. */
export interface Parquet extends Disposable {
  /** Its path, for messages. */
  readonly path: string;
  /** The number of rows. */
  readonly size: number;
  /** The names of the top columns. */
  readonly columns: readonly string[];
  /** The texts that its writer put beside the columns, by their keys. */
  readonly notes: ReadonlyMap<string, string>;
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
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const { checkPages, chunksOf } = await import("./parquet_pages.ts");
  const source = fileSource(path);
  const file = {
    byteLength: source.size,
    slice: (start: number, end = source.size) => source.read(start, end - start).buffer,
  };
  const broken = (error: unknown) => {
    // The reader's own words are about its structures, which a damaged file lacks.
    const reason = error instanceof TypeError ? "it is damaged" : messageOf(error);
    return new Failure(3, `cannot read ${path} (${reason}): ${again}`, { cause: error });
  };
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(file);
    const rows = metadata.row_groups.reduce((sum, group) => sum + group.num_rows, 0n);
    if (rows !== metadata.num_rows) throw new Error(`${rows} rows, not ${metadata.num_rows}`);
  } catch (error) {
    source[Symbol.dispose]();
    throw broken(error);
  }
  return {
    path,
    size: Number(metadata.num_rows),
    columns: parquetSchema(metadata).children.map(({ element }) => element.name),
    notes: new Map(metadata.key_value_metadata?.map(({ key, value = "" }) => [key, value])),
    async *rows(columns) {
      let rowStart = 0;
      for (const group of metadata.row_groups) {
        const rowEnd = rowStart + Number(group.num_rows);
        const options = { file, metadata, columns: [...columns], rowStart, rowEnd, utf8: false };
        let rows: Record<string, unknown>[];
        try {
          for (const { column, start, length } of chunksOf(group, columns)) {
            const bytes = source.read(start, length);
            checkPages(bytes, column, rowEnd - rowStart, parquetSchema(metadata), compressors);
          }
          rows = await parquetReadObjects({ ...options, compressors });
        } catch (error) {
          throw broken(error);
        }
        for (const row of rows) yield columns.map((column) => row[column]);
        rowStart = rowEnd;
      }
    },
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}

/**
 * Codecs beside Snappy, which the reader has. The bound, which has to be above 0, keeps a false
 * length from the memory.
 */
const compressors = {
  GZIP: (bytes: Uint8Array, size: number) =>
    gunzipSync(bytes, { maxOutputLength: Math.max(1, size) }),
  ZSTD: (bytes: Uint8Array, size: number) =>
    zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
  BROTLI: (bytes: Uint8Array, size: number) =>
    brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
};
