type Named = Record<string, unknown>;
type Fault = (path: PropertyKey[], message: string) => void;

const named = (value: unknown): Named =>
  value !== null && typeof value === 'object' ? (value as Named) : {};
const field = (value: unknown, key: string) => named(value)[key];
const items = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

export const hasUsers = (trunk: unknown): boolean => Object.keys(named(field(trunk, 'users'))).length > 0;

/** What users, their registrar and the targets that name them say of each other. */
export function checkUsers(config: unknown, fault: Fault): void {
  const trunks = named(field(config, 'trunks'));
  for (const [name, trunk] of Object.entries(trunks)) {
    if (hasUsers(trunk) === (field(trunk, 'registrar') !== undefined)) continue;
    if (hasUsers(trunk))
      fault(['trunks', name, 'users'], 'need a registrar, such as { realm: phones.example }');
    else fault(['trunks', name, 'registrar'], 'is of no use without users: nobody could register');
  }
  checkCallers(trunks, fault);
  for (const [name, agent] of Object.entries(named(field(config, 'agents'))))
    for (const [index, target] of items(field(agent, 'targets')).entries())
      checkTarget(target, trunks, ['agents', name, 'targets', index], fault);
}

function checkTarget(target: unknown, trunks: Named, path: PropertyKey[], fault: Fault): void {
  const [trunk, user] = [field(target, 'trunk'), field(target, 'user')];
  if (typeof trunk !== 'string' || typeof user !== 'string') return;
  const list = (of: Named) => Object.keys(of).join(', ') || 'none';
  if (!Object.hasOwn(trunks, trunk)) {
    fault([...path, 'trunk'], `"${trunk}" is not a trunk of this file; trunks are: ${list(trunks)}`);
    return;
  }
  const users = named(field(trunks[trunk], 'users'));
  if (!Object.hasOwn(users, user))
    fault([...path, 'user'], `"${user}" is not a user of trunk "${trunk}"; its users are: ${list(users)}`);
}

/** Where no source tells two trunks apart, their credentials must. A user is always told by its credentials alone. */
function checkCallers(trunks: Named, fault: Fault): void {
  const seen = new Map<string, string>();
  const claim = (name: string, username: unknown, realm: unknown, path: PropertyKey[]) => {
    const who = `"${String(username)}" of realm "${String(realm)}"`;
    const earlier = seen.get(who);
    if (earlier !== undefined)
      fault(path, `${who} is trunk "${earlier}" already: give each its own name, or sources to both`);
    else seen.set(who, name);
  };
  for (const [name, trunk] of Object.entries(trunks)) {
    const caller = field(field(trunk, 'authentication'), 'in');
    if (caller && (items(field(trunk, 'sources')).length === 0 || hasUsers(trunk)))
      claim(name, field(caller, 'username'), field(caller, 'realm'), [
        ...['trunks', name, 'authentication', 'in', 'username'],
      ]);
    for (const user of Object.keys(named(field(trunk, 'users'))))
      claim(name, user, field(field(trunk, 'registrar'), 'realm'), ['trunks', name, 'users', user]);
  }
}
