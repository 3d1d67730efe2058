import type { ColumnMetaData, Compressors, PageHeader, RowGroup, SchemaTree } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath } from "hyparquet/src/schema.js";
import { readVarInt } from "hyparquet/src/thrift.js";

/** The part of a page that says how its values are laid out. */
type Layout = NonNullable<PageHeader["data_page_header"] | PageHeader["data_page_header_v2"]>;

/** A column of a group of rows, and its bytes in the file. */
export interface Chunk {
  /** What the file's end says of it. */
  readonly column: ColumnMetaData;
  /** Where its bytes begin in the file. */
  readonly start: number;
  /** The number of its bytes. */
  readonly length: number;
}

/** The chunks of these top columns in a group of rows. */
export function chunksOf({ columns }: RowGroup, names: readonly string[]): Chunk[] {
  return columns.flatMap(({ meta_data: column }) => {
    if (!column || !names.includes(column.path_in_schema[0])) return [];
    const start = Number(column.dictionary_page_offset || column.data_page_offset);
    return [{ column, start, length: Number(column.total_compressed_size) }];
  });
}

/**
 * Throws an Error if the pages of a column do not have `rows` values, or a length in them is none.
 * The reader trusts these numbers: with a damaged one it would go on for ever.
 */
export function checkPages(
  bytes: Uint8Array<ArrayBuffer>,
  { codec, path_in_schema: path }: ColumnMetaData,
  rows: number,
  schema: SchemaTree,
  compressors: Compressors,
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
