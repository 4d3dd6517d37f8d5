import type * as z from 'zod';

type Names = Record<string, unknown>;

const names = (value: unknown): Names =>
  value !== null && typeof value === 'object' ? (value as Names) : {};
const list = (of: Names) => Object.keys(of).join(', ') || 'none';
const field = (value: unknown, key: string) => names(value)[key];

/**
 * Names that must exist somewhere else in the file. Runs even where the file's shape is already at fault,
 * so that a person sees all mistakes at once: hence nothing is taken for granted about `config`.
 */
export function crossCheck(config: unknown, ctx: z.RefinementCtx): void {
  const agents = names(field(config, 'agents'));
  const policies = names(field(config, 'policies'));
  const fault = (path: PropertyKey[], message: string) => ctx.addIssue({ code: 'custom', path, message });

  for (const [number, route] of Object.entries(names(field(config, 'numbers')))) {
    const agent = field(route, 'agent');
    if (typeof agent !== 'string' || Object.hasOwn(agents, agent)) continue;
    fault(
      ['numbers', number, 'agent'],
      `"${agent}" is not an agent of this file; agents are: ${list(agents)}`,
    );
  }
  for (const [name, agent] of Object.entries(agents)) {
    const policy = field(agent, 'policy');
    if (typeof policy !== 'string' || policy === 'default' || Object.hasOwn(policies, policy)) continue;
    fault(
      ['agents', name, 'policy'],
      `"${policy}" is not a policy of this file; policies are: ${list(policies)}`,
    );
  }
  if (Object.keys(names(field(config, 'trunks'))).length === 0) {
    fault(['trunks'], 'needs at least one trunk: without one every call is refused');
  }
}
