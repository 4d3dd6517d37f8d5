import { type Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { ulid } from 'ulid';
import type { RoutingConfig } from '../../contracts/config.ts';
import type { Route } from '../../contracts/route-decision.ts';
import { findRoute, type RoutedCall } from '../../core/find-route.ts';
import { identifyTrunk } from '../../core/identify-trunk.ts';
import { encryptionWarnings } from '../../core/media-encryption.ts';
import { terminations } from '../../core/terminations.ts';
import { loadConfig, warningLines } from './config-file.ts';
import { Failure } from './failure.ts';
import { quickstartFile } from './quickstart.ts';

interface Options {
  readonly config: string;
  readonly from: string;
  readonly trunk?: string;
  readonly source?: string;
  readonly at?: Date;
  readonly codecs: string;
  readonly json?: boolean;
}

export function addRouteTest(trunkline: Command): void {
  trunkline
    .command('route-test <number>')
    .description('what would happen to a call, rule by rule; no call is placed')
    .option('--config <file>', 'routing configuration', quickstartFile)
    .option('--from <number>', 'caller', '+15550199')
    .option('--trunk <name>', 'trunk the call comes from')
    .option('--source <address>', 'address the call comes from, instead of --trunk')
    .option('--at <time>', 'moment of the call, ISO 8601; default now', time)
    .option('--codecs <list>', 'codecs the caller offers', 'PCMU,PCMA')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExit code 0: the call would be connected; 1: it would be refused; 2: wrong usage.\n' +
        'Among targets of equal priority each call draws anew, by weight; one draw is shown.\n\nExamples:\n' +
        '  $ npx trunkline route-test +15550100\n' +
        '  $ npx trunkline route-test +442071234567 --config examples/two-carriers/trunkline.yaml --trunk agents --at 2026-12-24T20:00:00Z',
    )
    .action(async (number: string, options: Options) => {
      const config = await loadConfig(options.config);
      const rules: { rule: string; outcome: string }[] = [];
      const tell = (rule: string, outcome: string) => void rules.push({ rule, outcome });
      const trunk = trunkOf(options, config, tell);
      const route =
        trunk === undefined ? unknownSource : findRoute(callOf(number, trunk, options), config, tell);
      const warnings = warningsOf(config, trunk, route);
      if (options.json)
        process.stdout.write(`${JSON.stringify({ number, trunk, rules, route, warnings }, null, 2)}\n`);
      else {
        print(rules, route);
        process.stdout.write(warningLines(warnings));
      }
      if (route.action === 'refuse') process.exitCode = 1;
    });
}

const unknownSource: Route = { action: 'refuse', reason: 'unknown-source' };

/** Of the trunks that the call would come and go over. */
function warningsOf(config: RoutingConfig, from: string | undefined, route: Route) {
  const out = route.action === 'connect' ? route.targets.map(({ trunk }) => trunk) : [];
  return encryptionWarnings(config).filter(({ trunk }) => [from, ...out].includes(trunk));
}

/** The only trunk of the file needs no naming. @throws Failure that names the trunks there are. */
function trunkOf(
  { trunk, source }: Options,
  { trunks }: RoutingConfig,
  tell: (rule: string, outcome: string) => void,
) {
  const names = Object.keys(trunks);
  if (source !== undefined) {
    const found = identifyTrunk(source, trunks);
    tell(`source ${source}`, found === undefined ? 'belongs to no trunk' : `is trunk "${found}"`);
    return found;
  }
  const name = trunk ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) throw new Failure(`--trunk: say which one of ${names.join(', ')}`, 2);
  if (!Object.hasOwn(trunks, name)) throw new Failure(`--trunk: "${name}" is none of ${names.join(', ')}`, 2);
  return name;
}

function callOf(number: string, trunk: string, { from, at = new Date(), codecs }: Options): RoutedCall {
  const party = (of: string) => ({ uri: `sip:${of}@trunkline.invalid`, number: of });
  const offered = codecs.split(',').map((codec) => codec.trim());
  return {
    ...{ callId: ulid(), trunk, time: at.toISOString(), from: party(from), to: party(number) },
    offer: { codecs: offered, dtmf: true, encrypted: false },
  };
}

function time(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('must be a time such as 2026-12-24T20:00:00Z');
  return at;
}

function print(rules: readonly { rule: string; outcome: string }[], route: Route): void {
  const width = Math.max(...rules.map(({ rule }) => rule.length));
  for (const { rule, outcome } of rules) process.stdout.write(`${pc.dim(rule.padEnd(width))}  ${outcome}\n`);
  if (route.action === 'refuse') {
    const { sip, meaning } = terminations[route.reason];
    process.stdout.write(
      `\n${pc.red('refused')} with ${route.sipStatus ?? sip}: ${route.reason}. ${meaning}\n`,
    );
    return;
  }
  const [first, ...then] = route.targets;
  const whither =
    route.agent === undefined ? `out over route "${route.outbound}"` : `to agent "${route.agent}"`;
  process.stdout.write(`\n${pc.green('connected')} ${whither}: ${first?.uri}\n`);
  for (const { uri } of then) process.stdout.write(`  if that fails: ${uri}\n`);
}
