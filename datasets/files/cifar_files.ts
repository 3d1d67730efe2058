/** A folder that a CIFAR data set's authors publish in an archive. */
export interface CifarArchive {
  /** The name of the folder in the data folder. */
  readonly folder: string;
  /** The archive that contains this folder, in the data folder or below the authors' URL. */
  readonly archive: string;
  /** The published MD5 of the archive. */
  readonly md5: string;
}

/**
 * The places and the contents of a CIFAR data set's files: of the version for C programs, and of
 * the other ones.
 */
export interface CifarFiles extends CifarArchive {
  /** The URL of the archives' folder, with a slash at its end. */
  readonly url: string;
  /** The files of training images. */
  readonly train: readonly string[];
  /** The files of test images. */
  readonly test: readonly string[];
  /** The number of images in each file. */
  readonly records: { readonly train: number; readonly test: number };
  /** The file of class names, one per line. */
  readonly namesFile: string;
  /** The number of classes. */
  readonly classes: number;
  /** The number of bytes before a record's pixels. The last of them is the label. */
  readonly labelBytes: number;
  /** The version for Python, with the same images in the same order. */
  readonly python: CifarArchive & {
    /** The files of training images, as many as above. */
    readonly train: readonly string[];
    /** The files of test images. */
    readonly test: readonly string[];
    /** The key of the labels in them. */
    readonly labelsKey: string;
    /** The file of class names. */
    readonly namesFile: string;
    /** The key of the class names in it. */
    readonly namesKey: string;
  };
  /** The parquet files of hubs. */
  readonly hub: {
    /** Matches a path, in lower case without punctuation, that names the data set. */
    readonly place: RegExp;
    /** The columns of labels, of which the first is taken that is there. */
    readonly labelColumns: readonly string[];
    /** The names of the classes. */
    readonly classNames: readonly string[];
    /** The first labels of each of the authors' files, enough to tell their order. */
    readonly firstLabels: {
      readonly train: readonly (readonly number[])[];
      readonly test: readonly (readonly number[])[];
    };
  };
}

/** The files of one folder. */
export interface CifarFolder {
  /** Its path, for messages. */
  readonly path: string;
  /** The way out, for the end of messages about its files. */
  readonly again: string;
  /** Reads a file. Rejects with a `Failure` (exit 3) that names it if it is not there. */
  read(name: string): Promise<Uint8Array>;
}
