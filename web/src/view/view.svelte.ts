import { untrack } from 'svelte';
import { EMPTY, format, parse, type View } from './url';

/** The view that is on the screen. Read it anywhere; change it with [`go`] only. */
export const view: View = $state(parse(location.hash));

addEventListener('hashchange', () => Object.assign(view, parse(location.hash)));
addEventListener('popstate', () => Object.assign(view, parse(location.hash)));

/** Changes the view. A choice is a step that "back" undoes (`step`); moving the map or a filter is none. */
export function go(change: Partial<View>, step = false): void {
  Object.assign(view, change);
  // Writing the address is no reason for an effect to run again.
  const hash = untrack(() => format($state.snapshot(view) as View));
  if (hash === location.hash) return;
  if (step) history.pushState(null, '', hash);
  else history.replaceState(null, '', hash);
}

/** Goes to another page with nothing chosen. */
export function open(page: View['page']): void {
  go({ ...EMPTY, page }, true);
}
