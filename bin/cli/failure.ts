/** Something a person can mend: told without a stack trace. */
export class Failure extends Error {
  /** 1: it did not work. 2: the command or the configuration is wrong. */
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = 'Failure';
    this.exitCode = exitCode;
  }
}
