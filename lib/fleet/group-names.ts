import type { Settings } from '../settings.ts';

/** Names of the auto-scaling groups: of edges, of each edge's rtpengines, of gateways. Boards, too, know machines by them. */
export const groupNames = ({ prefix }: Pick<Settings, 'prefix'>) => ({
  edges: `${prefix}-edges`,
  media: (edge: string) => `${prefix}-media-${edge}`,
  gateways: `${prefix}-gateways`,
});

/** Of all groups of the fleet; none without one. */
export function groupsOf(settings: Pick<Settings, 'prefix' | 'edges' | 'fleet'>): readonly string[] {
  const { fleet, edges } = settings;
  if (!fleet) return [];
  const names = groupNames(settings);
  return [names.edges, ...(fleet.gateways ? [names.gateways] : []), ...edges.map(names.media)];
}
