import { api } from '../api/client';

/** A step of the breadcrumb. */
export interface Place {
  grid_code: string | null;
  name: string;
}

/** The way from a grid down to another, as an address from a colleague needs it. */
export async function descend(
  from: string | null,
  to: string,
  depth: number,
): Promise<{ grid_code: string; name: string }[]> {
  if (depth > 4) return [];
  const { items } = await api.grids({ parent: from }).catch(() => ({ items: [] }));
  const hit = items.find(({ grid_code }) => grid_code === to);
  if (hit) return [{ grid_code: hit.grid_code, name: hit.name }];
  for (const { grid_code, name, children } of items) {
    // Codes are not promised to be prefixes of each other; where they are, the way is short.
    if (!children || !to.startsWith(grid_code)) continue;
    const rest = await descend(grid_code, to, depth + 1);
    if (rest.length) return [{ grid_code, name }, ...rest];
  }
  return [];
}
