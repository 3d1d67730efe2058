import {
  type ColumnMetaData,
  type FileMetaData,
  type PageHeader,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath } from "hyparquet/src/schema.js";
import { readVarInt } from "hyparquet/src/thrift.js";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import type { ByteSource } from "../../lib/files/byte_source.ts";

/** The rows of a parquet file. */
export interface Pages {
  /** The number of rows. */
  readonly size: number;
  /** The names of the top columns. */
  readonly columns: readonly string[];
  /** The texts that its writer put beside the columns, by their keys. */
  readonly notes: ReadonlyMap<string, string>;
  /** Reads these columns of the rows of a group, for each group. Rejects if it is damaged. */
  readonly groups: readonly ((columns: readonly string[]) => Promise<readonly unknown[][]>)[];
}

/** Reads what a parquet file says of its rows. Rejects if it is none, or damaged. */
export async function readPages(source: ByteSource): Promise<Pages> {
  const file = {
    byteLength: source.size,
    slice: (start: number, end = source.size) => source.read(start, end - start).buffer,
  };
  const metadata = await parquetMetadataAsync(file);
  const size = Number(metadata.num_rows);
  const ends = [0];
  for (const { num_rows: rows } of metadata.row_groups) ends.push(ends.at(-1)! + Number(rows));
  if (ends.at(-1) !== size) throw new Error(`${ends.at(-1)} rows, not ${size}`);
  return {
    size,
    columns: parquetSchema(metadata).children.map(({ element }) => element.name),
    notes: new Map(metadata.key_value_metadata?.map(({ key, value = "" }) => [key, value])),
    groups: metadata.row_groups.map((_, group) => async (columns) => {
      checkPages(source, metadata, group, columns);
      const rows = await parquetReadObjects({
        file,
        metadata,
        compressors,
        columns: [...columns],
        utf8: false,
        rowStart: ends[group],
        rowEnd: ends[group + 1],
      });
      return rows.map((row) => columns.map((column) => row[column]));
    }),
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

/** The part of a page that says how its values are laid out. */
type Layout = NonNullable<PageHeader["data_page_header"] | PageHeader["data_page_header_v2"]>;

/**
 * Throws an Error if the pages of these top columns do not have as many values as the `group`-th
 * group has rows, or if a length in them is none. The reader trusts these numbers: with a damaged
 * one it would go on for ever.
 */
function checkPages(
  source: ByteSource,
  metadata: FileMetaData,
  group: number,
  names: readonly string[],
): void {
  const schema = parquetSchema(metadata);
  const { columns, num_rows: rows } = metadata.row_groups[group];
  for (const { meta_data: column } of columns) {
    if (!column || !names.includes(column.path_in_schema[0])) continue;
    const start = Number(column.dictionary_page_offset || column.data_page_offset);
    const bytes = source.read(start, Number(column.total_compressed_size));
    checkColumn(bytes, column, Number(rows), schema);
  }
}

function checkColumn(
  bytes: Uint8Array<ArrayBuffer>,
  { codec, path_in_schema: path }: ColumnMetaData,
  rows: number,
  schema: SchemaTree,
): void {
  const levels = getTreePath(schema, path);
  const damaged = () => new Error(`column ${path.join(".")} is damaged`);
  if (getMaxRepetitionLevel(levels) > 0) throw new Error(`column ${path.join(".")} is a list`);
  const nulls = 32 - Math.clz32(getMaxDefinitionLevel(levels));
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
  let left = rows;
  while (left > 0) {
    const header = parquetHeader(reader);
    const { compressed_page_size: size, uncompressed_page_size: full } = header;
    const end = reader.offset + size;
    if (!isCount(size, bytes.length - reader.offset) || !isCount(full)) throw damaged();
    const packed = bytes.subarray(reader.offset, end);
    const unpack = (from: number) =>
      decompressPage(packed.subarray(from), full - from, codec, compressors);
    reader.offset = end;
    if (header.type === "DICTIONARY_PAGE") {
      if (!isCount(header.dictionary_page_header?.num_values)) throw damaged();
      continue;
    }
    const isSecond = header.type === "DATA_PAGE_V2";
    const layout = isSecond ? header.data_page_header_v2 : header.data_page_header;
    if (!layout || !isCount(layout.num_values, left) || layout.num_values === 0) throw damaged();
    const { num_values: count } = layout;
    left -= count;
    let values: Uint8Array;
    if ("num_nulls" in layout) {
      const { definition_levels_byte_length: length } = layout;
      const isSound = isCount(layout.num_nulls, count) && layout.num_rows === count &&
        layout.repetition_levels_byte_length === 0 && isCount(length, Math.min(size, full));
      if (!isSound) throw damaged();
      if (nulls > 0) checkRuns(packed.subarray(0, length), count, nulls, damaged);
      values = layout.is_compressed === false ? packed.subarray(length) : unpack(length);
    } else {
      values = unpack(0);
      if (nulls > 0) values = withoutLevels(values, count, nulls, damaged);
    }
    checkValues(values, layout, damaged);
  }
}

/** Whether a number that a file gives counts something of which there are at most so many. */
function isCount(value: unknown, most = Infinity): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
}

/** What follows the levels at the beginning of a page. Checks these. */
function withoutLevels(
  page: Uint8Array,
  count: number,
  width: number,
  damaged: () => Error,
): Uint8Array {
  if (page.length < 4) throw damaged();
  const end = 4 + new DataView(page.buffer, page.byteOffset).getUint32(0, true);
  if (end > page.length) throw damaged();
  checkRuns(page.subarray(4, end), count, width, damaged);
  return page.subarray(end);
}

/** Checks the values of a page that are written as runs. */
function checkValues(
  values: Uint8Array,
  { encoding, num_values: count }: Layout,
  damaged: () => Error,
): void {
  if (encoding === "RLE") withoutLevels(values, count, 1, damaged);
  if (!encoding?.endsWith("_DICTIONARY") || values.length === 0) return;
  const [width] = values;
  if (width > 32) throw damaged();
  checkRuns(values.subarray(1), count, width, damaged);
}

/** Throws unless runs of equal or packed values of `width` bits have at most `count` values. */
function checkRuns(bytes: Uint8Array, count: number, width: number, damaged: () => Error): void {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
  let left = count;
  while (left > 0 && reader.offset < bytes.length) {
    const header = readVarInt(reader) >>> 0;
    const packed = header & 1 ? header >>> 1 : 0;
    const values = packed > 0 ? 8 * packed : header >>> 1;
    // The last eight packed values may be filled up.
    if (values > left + (packed > 0 ? 7 : 0)) throw damaged();
    reader.offset += packed > 0 ? packed * width : Math.ceil(width / 8);
    left -= values;
  }
}
