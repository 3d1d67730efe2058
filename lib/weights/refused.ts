/** Why a file is not read: a message that goes on from the file's name, such as "is damaged: it ends early". */
export class Refused extends Error {
  /** A refusal with its message. */
  constructor(message: string) {
    super(message);
    this.name = "Refused";
  }
}

/** The refusal of a file that is not as its format says. */
export const damaged = (problem: string): Refused => new Refused(`is damaged: ${problem}`);
