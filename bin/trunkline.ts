import { CommanderError } from 'commander';
import { Failure } from './cli/failure.ts';
import { program } from './cli/program.ts';

// `npx trunkline`. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
try {
  await program().parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof Failure) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}
