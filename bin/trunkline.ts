import { Command, CommanderError } from 'commander';
import { addAnswer } from './cli/answer.ts';
import { addCall } from './cli/call.ts';
import { addCalls } from './cli/calls.ts';
import { addCommand } from './cli/command.ts';
import { addConfig } from './cli/config.ts';
import { addDeadLetters } from './cli/dead-letters.ts';
import { addDemo } from './cli/demo.ts';
import { addEvents } from './cli/events.ts';
import { Failure } from './cli/failure.ts';
import { addRegistrations } from './cli/registrations.ts';
import { addRouteTest } from './cli/route-test.ts';
import { addSchema } from './cli/schema.ts';
import { addSipServer } from './cli/sip-server.ts';
import { addTrunks } from './cli/trunks.ts';
import { addUp } from './cli/up.ts';

/** `npx trunkline`. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. */
function program(): Command {
  const trunkline = new Command('trunkline')
    .description('Event-driven, serverless call control for AI voice agents')
    .version('0.1.0')
    .showHelpAfterError('(see --help)')
    .exitOverride();
  for (const add of [
    addUp,
    addDemo,
    addCall,
    addCalls,
    addCommand,
    addEvents,
    addConfig,
    addRouteTest,
    addTrunks,
    addRegistrations,
    addDeadLetters,
    addAnswer,
    addSchema,
    addSipServer,
  ])
    add(trunkline);
  return trunkline;
}

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
