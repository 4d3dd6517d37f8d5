/** What the caller is asked, and where each key leads. Agents and recordings are named as in trunkline.yaml and prompts/. */
export const menu = {
  name: 'main-menu',
  /** Whoever is routed to it hears the menu. */
  agent: 'reception',
  welcome: 'welcome.wav',
  goodbye: 'goodbye.wav',
  agents: { '1': 'sales', '2': 'support' },
} as const;

/** The agent behind a key; undefined for a key that leads nowhere. */
export const agentBehind = (key: string | undefined): string | undefined =>
  Object.entries(menu.agents).find(([each]) => each === key)?.[1];
