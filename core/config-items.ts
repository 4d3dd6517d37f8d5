import { Guard, RoutingConfig, type VersionedConfig } from '../contracts/config.ts';
import { faultsOf } from '../contracts/refusal.ts';
import { tables } from '../contracts/tables.ts';

/** One item of the `config` table. */
export interface ConfigItem {
  readonly pk: string;
  readonly sk: string;
  /** The version counter on the item `version`, otherwise the named thing as the configuration holds it. */
  readonly value: unknown;
}

const kinds = {
  trunks: 'trunk',
  numbers: 'number',
  routes: 'route',
  agents: 'agent',
  policies: 'policy',
  collections: 'collection',
  keys: 'key',
} as const;
type Section = keyof typeof kinds;
const sections = Object.keys(kinds) as Section[];
/** Sections that are one item, whose sk is their own name. Tables that are older have none: then the defaults hold. */
const singles = ['guard'] as const;
const isSingle = (name: unknown): name is (typeof singles)[number] => singles.includes(name as never);

const item = (sk: string, value: unknown): ConfigItem => ({ pk: tables.config.partition, sk, value });

export function toItems(config: RoutingConfig, version: number): ConfigItem[] {
  const single = singles.map((name) => item(name, config[name]));
  const named = sections.flatMap((section) =>
    Object.entries(config[section]).map(([name, value]) => item(`${kinds[section]}#${name}`, value)),
  );
  return [item(tables.config.version, version), ...single, ...named];
}

/**
 * What stands in for a configuration where none was pushed yet: it knows nobody, so every call is refused. The version is
 * one that no push has.
 */
export const nothingPushed: VersionedConfig = {
  version: 0,
  config: {
    ...{
      version: 1,
      trunks: {},
      numbers: {},
      routes: {},
      agents: {},
      policies: {},
      collections: {},
      keys: {},
    },
    guard: Guard.parse({}),
  },
};

/** @throws Error that names the item which is missing or does not parse. */
export function fromItems(items: readonly ConfigItem[]): VersionedConfig {
  const version = items.find(({ sk }) => sk === tables.config.version)?.value;
  if (typeof version !== 'number')
    throw new Error('the config table has no item "version": no configuration was pushed yet');
  const section = (kind: string) =>
    Object.fromEntries(
      items
        .filter(({ sk }) => sk.startsWith(`${kind}#`))
        .map(({ sk, value }) => [sk.slice(kind.length + 1), value]),
    );
  const single = items.filter(({ sk }) => isSingle(sk)).map(({ sk, value }) => [sk, value]);
  const named = sections.map((name) => [name, section(kinds[name])]);
  const input = { version: 1, ...Object.fromEntries([...single, ...named]) };
  const parsed = RoutingConfig.safeParse(input);
  if (parsed.success) return { version, config: parsed.data };
  const messages = faultsOf(parsed.error, input).map(({ message }) => message);
  const faults = parsed.error.issues.map(({ path }, index) => `${itemAt(path)}: ${messages[index]}`);
  throw new Error(
    `the config table, version ${version}, holds what is no configuration: ${faults.join('; ')}`,
  );
}

/** Where an item stands in the configuration: `agent#desk` is ['agents', 'desk']. */
export function placeOfItem(sk: string): readonly string[] {
  const [kind, ...name] = sk.split('#');
  const section = sections.find((each) => kinds[each] === kind);
  return section === undefined ? [sk] : [section, name.join('#')];
}

/** Where a fault lies, in the words of the table: ['agents', 'desk', 'policy'] is `agent#desk policy`. */
function itemAt([section, name, ...rest]: readonly PropertyKey[]): string {
  if (isSingle(section)) return `${section} ${[name ?? [], ...rest].flat().map(String).join('.')}`;
  const kind = kinds[section as Section];
  if (name === undefined) return `items ${kind}#…`;
  const sk = `${kind}#${String(name)}`;
  return rest.length === 0 ? sk : `${sk} ${rest.map(String).join('.')}`;
}
